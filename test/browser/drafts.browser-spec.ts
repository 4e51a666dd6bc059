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
    tab = await bench.visit();
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

  it('is sent once, and no draft any more', async () => {
    await tab.composer.press('Enter');
    await tab.shows(['For Cem']);
    await tab.hasSent();
    await tab.page.reload();
    await tab.shows(['For Cem']);
    await isDraft('');
  });

  it('is given back to who signs in again, and to nobody else', async () => {
    const { body } = await ada.call('GET', '/auth/sessions');
    const browser = body.items.find(({ id }: { id: string }) => id !== ada.sessionId);
    await ada.call('DELETE', `/auth/sessions/${browser.id}`);
    await tab.sees('You were signed out, on another device or by the server.');
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await isDraft('For Ben, to be finished later');

    await tab.link('Settings').click();
    await tab.button('Sign out').click();
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await isDraft('');
    expect(tab.faults).toEqual([]);
  });
});
