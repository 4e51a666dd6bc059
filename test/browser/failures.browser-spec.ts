import { randomUUID } from 'node:crypto';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import { fillHistory } from './support/long-history';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('a failure', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let tab: Tab;
  let conversationId: string;
  beforeAll(async () => {
    bench = await Bench.open({ CONTACT_POLICY: 'friends' });
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ada.group();
    await fillHistory(bench.database.url, conversationId, ada, 1_000);
    // Block the service worker, which would answer for the server, so that the test can delay responses.
    tab = await bench.visit({ serviceWorkers: 'block' });
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  it('to load a conversation is shown in its place', async () => {
    await tab.goTo(`/c/${randomUUID()}`);
    await tab.page
      .getByRole('status')
      .getByText('This conversation does not exist, or you are not in it.')
      .waitFor();
  });

  it('to load earlier messages is shown in their place, and a retry loads them', async () => {
    const pages = /\/messages\?before=/;
    await tab.page.route(pages, (route) => route.abort());
    await tab.goTo(`/c/${conversationId}`);
    const told = tab.page.getByRole('alert').filter({ hasText: 'Earlier messages could not be loaded.' });
    await told.getByText('The server did not answer.').waitFor();
    await tab.page.unroute(pages);
    await told.getByRole('button', { name: 'Try again' }).click();
    await told.waitFor({ state: 'detached' });
    await until('a page', async () => (await tab.rows.count()) > 20);
  });

  it('from a message that is too long is shown beside the text, which is kept', async () => {
    await tab.composer.fill('🎈'.repeat(4_001));
    await tab.page.getByRole('alert').getByText('This message is 1 character too long.').waitFor();
    expect(await tab.button('Send').isDisabled()).toBe(true);
    await tab.composer.fill('🎈'.repeat(4_000));
    await tab.sees('0 left');
    expect(await tab.button('Send').isDisabled()).toBe(false);
    await tab.composer.fill('');
  });

  it('does not result from an action that is chosen while another one is under way', async () => {
    const [cyd, dan] = [
      await signUp(bench.url, { displayName: 'Cyd' }),
      await signUp(bench.url, { displayName: 'Dan' }),
    ];
    for (const person of [cyd, dan]) {
      const { body } = await person.call('POST', '/friend-requests', { recipientId: ada.id });
      await ada.call('POST', `/friend-requests/${body.id}/accept`);
    }
    await tab.goTo('/friends');
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const removals = `**/friends/${cyd.id}`;
    await tab.page.route(removals, async (route) => {
      await held;
      await route.continue();
    });
    const confirm = (title: RegExp, action: string): Promise<void> =>
      tab.page.getByRole('dialog', { name: title }).getByRole('button', { name: action }).click();
    await tab.button('Remove Cyd').click();
    await confirm(/^Remove/, 'Remove');
    await tab.button('Block Dan').click();
    await confirm(/^Block/, 'Block');
    letGo();
    await tab.button('Unblock Dan').waitFor();
    await tab.button('Remove Cyd').waitFor({ state: 'detached' });
    await tab.page.unroute(removals);
    expect(tab.faults).toEqual([]);
  });

  it('of a friend request is shown in its dialog, and the text is kept', async () => {
    await tab.link(/Friends/).click();
    await tab.field('Find people').fill(ben.username);
    await tab.button('Add friend Ben').click();
    await tab.field('Message (optional)').fill('We met at the exhibition.');
    const requests = /\/friend-requests$/;
    await tab.page.route(requests, (route) => route.abort());
    await tab.button('Send request').click();
    await tab.page.getByRole('dialog').getByText('The server did not answer.').waitFor();
    expect(await tab.field('Message (optional)').inputValue()).toBe('We met at the exhibition.');
    await tab.page.unroute(requests);
    await tab.button('Send request').click();
    await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
    await tab.button('Withdraw the request to Ben').waitFor();
    expect(tab.faults).toEqual([]);
  });
});
