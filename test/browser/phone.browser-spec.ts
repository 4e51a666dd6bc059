import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import { SCREENS } from './support/screens';
import type { Tab } from './support/tab';
import { makeWorld } from './support/world';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

jest.setTimeout(240_000);

describe('on a phone', () => {
  let bench: Bench;
  let tab: Tab;
  let ben: Person;
  let conversationId: string;
  beforeAll(async () => {
    bench = await Bench.open();
    const ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ben.direct(ada);
    await ben.send(conversationId, 'Hello Ada!');
    tab = await bench.visit(PHONE);
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  const historyLength = (): Promise<number> => tab.page.evaluate(() => history.length);
  const back = () => tab.link('Back to the conversations');
  const showsList = async (): Promise<void> => {
    await tab.list.waitFor();
    await tab.composer.waitFor({ state: 'hidden' });
    await until('the address of the list', () => new URL(tab.page.url()).pathname === '/');
  };
  const showsConversation = async (): Promise<void> => {
    await tab.row('Hello Ada!').waitFor();
    await tab.composer.waitFor();
    await tab.list.waitFor({ state: 'hidden' });
    expect(new URL(tab.page.url()).pathname).toBe(`/c/${conversationId}`);
  };

  it('the screen shows the list or a conversation with a back button', async () => {
    await showsList();
    await tab.list.getByRole('link', { name: /Ben/ }).tap();
    await showsConversation();
    await tab.page.goBack();
    await showsList();
    await tab.page.goForward();
    await showsConversation();

    // Repeat it: the browser history must not grow.
    const length = await historyLength();
    await back().tap();
    await showsList();
    await tab.list.getByRole('link', { name: /Ben/ }).tap();
    await showsConversation();
    await back().tap();
    await showsList();
    expect(await historyLength()).toBe(length);
  });

  it('a conversation that was opened by its address has a back button, too', async () => {
    await tab.goTo(`/c/${conversationId}`);
    await showsConversation();
    await back().tap();
    await showsList();
    await tab.page.goBack();
    await showsConversation();
  });

  it('the button for the newest messages fits on one line', async () => {
    for (let count = 0; count < 30; count++) await ben.send(conversationId, `message ${count}.`);
    await tab.goTo(`/c/${conversationId}`);
    await tab.row('message 29.').waitFor();
    await tab.rows.first().scrollIntoViewIfNeeded();
    const lines = await tab.button('Newest messages').evaluate((button) => {
      const range = document.createRange();
      range.selectNode(button.lastChild!);
      return range.getClientRects().length;
    });
    expect(lines).toBe(1);
  });

  it('names and descriptions stay within their dialogs', async () => {
    const me = await signUp(bench.url, { displayName: 'Me', email: `${'m'.repeat(60)}@example.org` });
    const long = await signUp(bench.url, { displayName: 'W'.repeat(64) });
    const group = await long.group(me);
    await long.call('PATCH', `/conversations/${group}`, { description: 'd'.repeat(300) });
    const narrow = await bench.visit(PHONE);
    const excess = (selector: string): Promise<number> =>
      narrow.page.evaluate((name) => {
        const { scrollWidth, clientWidth } = document.querySelector(name)!;
        return scrollWidth - clientWidth;
      }, selector);
    await narrow.signIn(me);
    await narrow.goTo('/friends');
    await narrow.field('Find people').fill(long.username);
    for (const action of [/^Block W/, /^Add friend W/]) {
      await narrow.button(action).click();
      await narrow.page.getByRole('dialog').waitFor();
      expect([action, await excess('dialog')]).toEqual([action, 0]);
      await narrow.button('Cancel').click();
    }
    await narrow.goTo(`/c/${group}`);
    await narrow.button('Details').click();
    await narrow.button('Leave group').waitFor();
    expect(await excess('dialog')).toBe(0);
    await narrow.goTo('/settings');
    await narrow.sees('(this device)');
    expect(await excess('.page-body')).toBe(0);
    expect(narrow.faults).toEqual([]);
  });

  it('nothing is wider than the screen with any names', async () => {
    const world = await makeWorld(bench.url);
    const narrow = await bench.visit(PHONE);
    for (const [name, show] of SCREENS) {
      await show(narrow, world);
      const width = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
      const cut = await narrow.page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button, input, textarea, select, a')]
          .filter((element) => element.checkVisibility({ opacityProperty: true }))
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            return left < 0 || right > innerWidth;
          })
          .map(({ outerHTML }) => outerHTML),
      );
      expect({ name, width, cut }).toEqual({ name, width: 390, cut: [] });
    }
    expect([...tab.faults, ...narrow.faults]).toEqual([]);
  });
});
