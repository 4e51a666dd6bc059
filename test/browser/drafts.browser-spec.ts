import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('what is written and not sent', () => {
  let bench: Bench;
  let ada: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    await ada.direct(await signUp(bench.url, { displayName: 'Ben' }));
    await ada.direct(await signUp(bench.url, { displayName: 'Cem' }));
    // A worker would answer for the server, where nothing can be held up.
    tab = await bench.visit({ serviceWorkers: 'block' });
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  const isDraft = (text: string): Promise<true> =>
    until(`the draft to be "${text}"`, async () => (await tab.composer.inputValue()) === text);

  it('is there when one comes back to the conversation, and belongs to no other', async () => {
    await tab.openConversation(/Ben/);
    await tab.composer.fill('For Ben');
    await tab.openConversation(/Cem/);
    await isDraft('');
    await tab.composer.fill('For Cem');
    await tab.link('Settings').click();
    await tab.openConversation(/Ben/);
    await isDraft('For Ben');
  });

  it('outlives the page', async () => {
    await tab.composer.press('End');
    await tab.composer.pressSequentially(', to be finished later');
    await tab.page.reload();
    await isDraft('For Ben, to be finished later');
    await tab.openConversation(/Cem/);
    await isDraft('For Cem');
  });

  it('outlives a page that is left before the storage has it', async () => {
    // A transaction that lasts: all others wait for it, and none of them is begun before the page is gone.
    await tab.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('xfchat');
        request.onsuccess = () => resolve(request.result);
      });
      const store = database.transaction('values', 'readwrite').objectStore('values');
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          resolve();
          store.get('nothing').onsuccess = goOn;
        };
        store.get('nothing').onsuccess = goOn;
      });
    });
    await tab.composer.press('End');
    await tab.composer.pressSequentially('!');
    await tab.page.reload();
    await isDraft('For Cem!');
    await until('it to be stored', () => tab.page.evaluate(() => sessionStorage.length === 0));
    await tab.composer.press('Backspace');
    await isDraft('For Cem');
  });

  it('is sent once, and no draft any more', async () => {
    await tab.composer.press('Enter');
    await tab.shows(['For Cem']);
    await tab.hasSent();
    await tab.page.reload();
    await tab.shows(['For Cem']);
    await isDraft('');
  });

  it('is given back to who signs in again after a long absence', async () => {
    const problem = { code: 'token-expired', status: 401 };
    const answer = { status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) };
    await tab.page.route(/\/api\/v1\//, (route) => route.fulfill(answer));
    await tab.goTo('/friends');
    await tab.sees('Your session has expired. Please sign in again.');
    await tab.page.unroute(/\/api\/v1\//);
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await isDraft('For Ben, to be finished later');
  });

  it('is gone when the session was ended, here or elsewhere', async () => {
    const { body } = await ada.call('GET', '/auth/sessions');
    for (const { id } of body.items as { id: string }[])
      if (id !== ada.sessionId) await ada.call('DELETE', `/auth/sessions/${id}`);
    await tab.sees('You were signed out, on another device or by the server.');
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await isDraft('');
    await tab.composer.fill('For Ben, once more');

    await tab.link('Settings').click();
    await tab.button('Sign out').click();
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await isDraft('');
    expect(tab.faults).toEqual([]);
  });
});
