import type { Locator } from 'playwright-core';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('two people who react to messages and pin them', () => {
  let bench: Bench;
  let ada: Tab;
  let ben: Tab;
  let first: Person;
  let group: string;
  let oldest: string;
  beforeAll(async () => {
    bench = await Bench.open();
    const people = ['Ada', 'Ben'].map((displayName) => signUp(bench.url, { displayName }));
    const [one, second] = (await Promise.all(people)) as [Person, Person];
    first = one;
    group = await first.group(second);
    oldest = (await first.send(group, 'old message 1.')).id;
    for (let count = 2; count <= 600; count++) await second.send(group, `old message ${count}.`);
    await first.send(group, 'Shall we?');
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([ada.signIn(first), ben.signIn(second)]);
    await Promise.all([ada.openConversation(/a group/), ben.openConversation(/a group/)]);
  });
  afterAll(() => bench.close());

  const chip = (tab: Tab, emoji: string): Locator =>
    tab
      .row('Shall we?')
      .getByRole('list', { name: 'Reactions' })
      .getByRole('button', { name: new RegExp(`^${emoji}`) });
  const shows = (tab: Tab, emoji: string, names: string, isOwn: boolean): Promise<unknown> =>
    until(`${emoji} by ${names}`, async () => {
      if ((await chip(tab, emoji).count()) === 0) return false;
      const text = await chip(tab, emoji).textContent();
      const pressed = await chip(tab, emoji).getAttribute('aria-pressed');
      return text === `${emoji} ${names.includes(' and ') ? 2 : 1} by ${names}` && pressed === String(isOwn);
    });

  it('choose one of the common emoji, and see each other’s', async () => {
    await ben.doTo('Shall we?', 'React');
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Thumbs up' }).click();
    await ben.page.getByRole('dialog').waitFor({ state: 'detached' });
    await shows(ben, '👍', 'You', true);
    await shows(ada, '👍', 'Ben', false);
  });

  it('add and remove the same reaction by pressing it', async () => {
    await chip(ada, '👍').click();
    await shows(ada, '👍', 'You and Ben', true);
    await shows(ben, '👍', 'You and Ada', true);
    await chip(ben, '👍').click();
    await shows(ada, '👍', 'You', true);
    await shows(ben, '👍', 'Ada', false);
  });

  it('type any other emoji, and see an error for other text', async () => {
    await ada.doTo('Shall we?', 'React');
    await ada.field('Another emoji').fill('yes');
    await ada.field('Another emoji').press('Enter');
    await ada.sees('This must be one emoji.');
    await ada.field('Another emoji').fill('🫖');
    await ada.field('Another emoji').press('Enter');
    await shows(ben, '🫖', 'Ada', false);
  });

  it('react with only the keyboard', async () => {
    await ben.row('Shall we?').focus();
    await until('the chip to have the focus', async () => {
      await ben.page.keyboard.press('Tab');
      return (await ben.page.evaluate(() => document.activeElement?.textContent)) === '🫖 1 by Ada';
    });
    await ben.page.keyboard.press('Enter');
    await shows(ada, '🫖', 'You and Ben', true);
    await ben.page.keyboard.press('Enter');
    await shows(ada, '🫖', 'You', true);
  });

  it('pin a message, which the other finds above the messages and far back', async () => {
    expect(await ben.page.getByRole('button', { name: /^Pinned/ }).count()).toBe(0);
    await ada.doTo('Shall we?', 'Pin');
    await ben.page.getByRole('button', { name: 'Pinned Shall we?' }).waitFor();
    await ben.row('Shall we?').getByText('Pinned').waitFor({ state: 'attached' });
    await ben.row('Shall we?').hover();
    for (const action of ['Pin', 'Unpin'])
      expect(await ben.row('Shall we?').getByRole('button', { name: action, exact: true }).count()).toBe(0);
  });

  it('find an old pinned message', async () => {
    await first.call('PUT', `/conversations/${group}/messages/${oldest}/pin`);
    await ben.page.reload();
    await ben.openConversation(/a group/);
    await ben.page.getByRole('button', { name: '2 pinned Shall we?' }).click();
    await ben.page
      .getByRole('dialog')
      .getByRole('listitem')
      .filter({ hasText: 'old message 1.' })
      .getByText('Show')
      .click();
    await until('the message to have the focus', () =>
      ben.page.evaluate(() => document.activeElement?.textContent?.includes('old message 1.')),
    );
    await first.call('DELETE', `/conversations/${group}/messages/${oldest}/pin`);
    await ben.page.getByRole('button', { name: 'Pinned Shall we?' }).waitFor();
  });

  it('unpin it for both', async () => {
    await ada.page.getByRole('button', { name: 'Pinned Shall we?' }).click();
    await ada.page.getByRole('dialog').getByText('Unpin').click();
    await ada.sees('Nothing is pinned any more.');
    await ada.page.keyboard.press('Escape');
    await ben.page.getByRole('button', { name: /^Pinned/ }).waitFor({ state: 'detached' });
  });

  it('have caused no error, and no violation of the content security policy', () => {
    expect([...ada.faults, ...ben.faults]).toEqual([]);
  });
});
