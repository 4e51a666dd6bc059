import { signUp } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

/** A window of 1280 x 800 at 200 %. */
const MAGNIFIED = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };

jest.setTimeout(240_000);

describe('at 200 %', () => {
  let bench: Bench;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    const ada = await signUp(bench.url, { displayName: 'Ada' });
    const ben = await signUp(bench.url, { displayName: 'Ben' });
    const conversationId = await ben.direct(ada);
    for (let count = 1; count <= 12; count++) await ben.send(conversationId, `message ${count}.`);
    tab = await bench.visit(MAGNIFIED);
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await tab.row('message 12.').waitFor();
    await tab.sees('This is where the conversation begins.');
  });
  afterAll(() => bench.close());

  /** The position of a row in the window, and whether it is completely visible. */
  const placeOf = (text: string): Promise<{ top: number; isInView: boolean }> =>
    tab.row(text).evaluate((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      const list = row.closest('.messages')!.getBoundingClientRect();
      // The outline of the focused element may be cut.
      return { top, isInView: top >= list.top - 4 && bottom <= list.bottom + 4 };
    });
  const hasFocus = (text: string): Promise<true> =>
    until(`the focus to be at ${text}`, () =>
      tab.row(text).evaluate((row) => row === document.activeElement && row.tabIndex === 0),
    );
  /** Waits until the page has rendered the last change. */
  const isDrawn = (): Promise<void> =>
    tab.page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame++)
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    });

  it('a pressed button stays under the pointer, also slightly above the end', async () => {
    await tab.row('message 12.').evaluate((row) => (row.closest('.messages')!.scrollTop -= 40));
    await isDrawn();
    const { top } = await placeOf('message 10.');
    await tab.row('message 10.').locator('.bubble').hover();
    await tab.page.mouse.down();
    await hasFocus('message 10.');
    await isDrawn();
    expect(await placeOf('message 10.')).toEqual({ top, isInView: true });
    await tab.page.mouse.up();
  });

  it('the message that the arrow keys reached is visible', async () => {
    await tab.row('message 12.').focus();
    for (let count = 11; count >= 5; count--) {
      await tab.page.keyboard.press('ArrowUp');
      await hasFocus(`message ${count}.`);
      await isDrawn();
      expect([count, await placeOf(`message ${count}.`)]).toMatchObject([count, { isInView: true }]);
    }
    expect(tab.faults).toEqual([]);
  });

  it('a reader at the end sees new messages', async () => {
    await tab.button('Newest messages').click();
    await tab.say('message 13.');
    await tab.hasSent();
    await isDrawn();
    expect(await placeOf('message 13.')).toMatchObject({ isInView: true });
  });
});
