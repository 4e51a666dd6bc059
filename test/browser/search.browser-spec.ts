import { signUp, type Person } from '../support/people';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('the search in the page', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    const people = ['Ada', 'Ben'].map((displayName) => signUp(bench.url, { displayName }));
    [ada, ben] = (await Promise.all(people)) as [Person, Person];
    await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    await ben.call('POST', '/friend-requests', { recipientId: ada.id });
    const direct = await ada.direct(ben);
    const group = await ada.group(ben);
    await ben.send(group, 'The Café opens at nine, and the café closes at six.');
    for (let n = 1; n <= 250; n++) await ben.send(group, `filler ${n}`);
    await ada.send(direct, 'nothing of interest');
    tab = await bench.visit();
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  const field = () => tab.page.getByRole('searchbox', { name: 'Search' });
  const results = () => tab.page.getByRole('region', { name: 'Search results' });
  const found = () => tab.page.getByRole('list', { name: 'Messages found' }).getByRole('link');

  it('begins with Ctrl+K, highlights matches, and leads to an old message', async () => {
    await tab.openConversation(/^Ben/);
    await tab.page.keyboard.press('Control+k');
    await tab.page.keyboard.type('cafe');
    await found().waitFor();
    expect(await found().locator('mark').allInnerTexts()).toEqual(['Café', 'café']);
    expect(await found().innerText()).toContain('Ben: The Café opens');
    await found().click();
    const row = tab.row('The Café opens at nine');
    await row.waitFor();
    expect(await row.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(new URL(tab.page.url()).pathname).toMatch(/^\/c\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/);
    expect(await found().getAttribute('aria-current')).toBe('page');
  });

  it('leads to the message again after a reload of its address', async () => {
    await tab.page.reload();
    await tab.row('The Café opens at nine').waitFor();
  });

  it('finds conversations by their names, and shows the list again after Escape', async () => {
    await field().fill('gro');
    await results()
      .getByRole('link', { name: /a group/ })
      .waitFor();
    await field().press('Escape');
    await tab.list.waitFor();
    expect(await results().count()).toBe(0);
    expect(await field().inputValue()).toBe('');
  });

  it('shows more results on request, and says when there are none', async () => {
    await field().fill('filler');
    await tab.button('More messages').waitFor();
    expect(await found().count()).toBe(30);
    await tab.button('More messages').click();
    await found().nth(59).waitFor();
    await field().fill('zzzz');
    await results().getByText('No results for “zzzz”.').waitFor();
    expect(await found().count()).toBe(0);
    expect(tab.faults).toEqual([]);
  });
});
