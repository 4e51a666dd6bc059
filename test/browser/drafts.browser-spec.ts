import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('a draft', () => {
  let bench: Bench;
  let ada: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    await ada.direct(await signUp(bench.url, { displayName: 'Ben' }));
    await ada.direct(await signUp(bench.url, { displayName: 'Cem' }));
    // Block the service worker, which would answer for the server, so that the test can delay responses.
    tab = await bench.visit({ serviceWorkers: 'block' });
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  const isDraft = (text: string): Promise<true> =>
    until(`the draft to be "${text}"`, async () => (await tab.composer.inputValue()) === text);

  it('is shown again in its own conversation only', async () => {
    await tab.openConversation(/Ben/);
    await tab.composer.fill('For Ben');
    await tab.openConversation(/Cem/);
    await isDraft('');
    await tab.composer.fill('For Cem');
    await tab.link('Settings').click();
    await tab.openConversation(/Ben/);
    await isDraft('For Ben');
  });

  it('survives a reload of the page', async () => {
    await tab.composer.press('End');
    await tab.composer.pressSequentially(', to be finished later');
    await tab.page.reload();
    await isDraft('For Ben, to be finished later');
    await tab.openConversation(/Cem/);
    await isDraft('For Cem');
  });

  it('survives when the page is left before the storage has it', async () => {
    // A long transaction, so that no other one begins before the page is closed.
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

  it('is sent once, and is no draft afterwards', async () => {
    await tab.composer.press('Enter');
    await tab.shows(['For Cem']);
    await tab.hasSent();
    await tab.page.reload();
    await tab.shows(['For Cem']);
    await isDraft('');
  });

  it('is shown again when the user signs in after a long absence', async () => {
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

  it('is deleted when the session ends, here or elsewhere', async () => {
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
