import type { Locator } from 'playwright-core';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import { fillHistory } from './support/long-history';
import { scrollThrough } from './support/scroll-through';
import type { Tab } from './support/tab';

const COUNT = 10_000;

jest.setTimeout(240_000);

describe('a long conversation', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let tab: Tab;
  let conversationId: string;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ben.group(ada);
    await fillHistory(bench.database.url, conversationId, ben, COUNT);
    tab = await bench.visit();
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  const toNewest = (): Locator => tab.button('Newest messages');
  const isAtEnd = (): Promise<true> => until('the end', async () => (await toNewest().count()) === 0);
  const isInSight = (row: Locator): Promise<true> =>
    until('the message to be in sight', () =>
      row.evaluate((element) => {
        const { top, bottom } = element.getBoundingClientRect();
        const list = element.closest('.messages')!.getBoundingClientRect();
        return top >= list.top && bottom <= list.bottom;
      }),
    );

  it('stays in place for a reader while others write, and follows new messages for a reader at its end', async () => {
    await tab.goTo(`/c/${conversationId}`);
    await tab.row(`number ${COUNT}`).waitFor();
    await ben.send(conversationId, 'seen at once');
    await isInSight(tab.row('seen at once'));
    await tab.page.locator('.messages').hover();
    await tab.page.mouse.wheel(0, -1_500);
    await toNewest().waitFor();
    const place = (): Promise<number> =>
      tab.row('seen at once').evaluate((row) => row.getBoundingClientRect().top);
    const before = await place();
    await ben.send(conversationId, 'seen later');
    await tab.row('seen later').waitFor({ state: 'attached' });
    expect(await place()).toBe(before);
    await toNewest().click();
    await isInSight(tab.row('seen later'));
    await isAtEnd();
  });

  it('shows the message that a reply refers to, however old, and leads back', async () => {
    const path = `/conversations/${conversationId}/messages?around=${COUNT - 1_500}&limit=1`;
    const [old] = (await ben.call('GET', path)).body.items;
    await ben.send(conversationId, 'Do you remember?', { replyToId: old.id });
    const answer = tab.row('Do you remember?');
    await answer.getByRole('button', { name: 'Reply to: An earlier message' }).click();
    const found = tab.row(`number ${COUNT - 1_500}`).first();
    await isInSight(found);
    expect(await found.evaluate((row) => row === document.activeElement)).toBe(true);
    await toNewest().click();
    await isAtEnd();
    await answer.getByRole('button', { name: `Reply to: Ben number ${COUNT - 1_500}` }).waitFor();
  });

  it(`is read back to the first of ${COUNT} messages, and to the last; nothing jumps, and no more is drawn`, async () => {
    // Run it in the page, because thousands of queries from here would take minutes.
    const up = await tab.page.evaluate(scrollThrough, -3_000);
    expect(up).toMatchObject({ jumps: [] });
    expect(up.first).toMatch(/^number 1\b/);
    const down = await tab.page.evaluate(scrollThrough, 3_000);
    expect(down).toMatchObject({ jumps: [], last: 'Do you remember?' });
    for (const { mostRows, mostElements } of [up, down]) {
      expect(mostRows).toBeLessThanOrEqual(120);
      expect(mostElements).toBeLessThan(2_500);
    }
    await isAtEnd();
    expect(tab.faults).toEqual([]);
  });
});
