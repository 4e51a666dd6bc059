import { withClient } from '../support/databases';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

const COUNT = 10_000;

jest.setTimeout(240_000);

/** Each with what has to be read of it. */
const HOSTILE: readonly (readonly [sent: string, read: string])[] = [
  ['<img src=x onerror="alert(1)">', '<img src=x onerror="alert(1)">'],
  ['<script>document.title = "taken"</script>', '<script>document.title = "taken"</script>'],
  ['[press me](javascript:alert(1))', '[press me](javascript:alert(1))'],
  [
    '[press me](data:text/html,<script>alert(1)</script>)',
    '[press me](data:text/html,<script>alert(1)</script>)',
  ],
  ['![](https://elsewhere.example/picture.png)', '![](https://elsewhere.example/picture.png)'],
  ['# not a headline', '# not a headline'],
  ['\u202eright to left\u202c', '\u202eright to left\u202c'],
  ['<style>*{display:none}</style>', '<style>*{display:none}</style>'],
  ['&lt;b&gt; &amp; &#x3c;', '&lt;b&gt; &amp; &#x3c;'],
  ['**bold** _leaning_ ~~gone~~ `code`', 'bold leaning gone code'],
  ['> '.repeat(1_500) + 'deep', ('> '.repeat(1_500) + 'deep').trim()],
  ['['.repeat(3_900), '['.repeat(3_900)],
  ['*a '.repeat(1_300), '*a '.repeat(1_300).trim()],
  ['W'.repeat(3_999), 'W'.repeat(3_999)],
];

describe('what is written', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: '<b>Ben</b> \u202e' });
    tab = await bench.visit();
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  it('is text, whatever it says', async () => {
    const id = await ben.direct(ada);
    for (const [body] of HOSTILE) await ben.send(id, body);
    await tab.openConversation(/Ben/);
    await tab.shows(HOSTILE.map(([, read]) => read));
    const elements = await tab.page.evaluate(() => ({
      pictures: document.querySelectorAll('.text img').length,
      scripts: document.querySelectorAll('#application script, #application style').length,
      links: [...document.querySelectorAll<HTMLAnchorElement>('.text a')].map(({ protocol }) => protocol),
      isWider: document.documentElement.scrollWidth > innerWidth,
    }));
    expect(elements).toMatchObject({ pictures: 0, scripts: 0, isWider: false });
    expect(elements.links.filter((protocol) => protocol !== 'https:')).toEqual([]);
    expect(await tab.page.title()).not.toContain('taken');
    await tab.page.getByRole('heading', { name: '<b>Ben</b>' }).waitFor();
  });

  it(`can be read back to the first of ${COUNT} messages, and nothing jumps`, async () => {
    const id = await ben.group(ada);
    await withClient(bench.database.url, async (client) => {
      await client.query(
        `insert into chat_messages (id, conversation_id, seq, sender_id, body)
         select gen_random_uuid(), $1, n, $2, 'number ' || n || repeat(' and more of it', n % 17)
         from generate_series(1, ${COUNT}) n`,
        [id, ben.id],
      );
      await client.query('update conversations set last_seq = $2 where id = $1', [id, COUNT]);
    });
    await tab.goTo(`/c/${id}`);
    await tab.row(`number ${COUNT}`).first().waitFor();
    await until('a first page', async () => (await tab.rows.count()) > 50);
    // In the page, because ten thousand looks from here would take minutes.
    const watched = await tab.page.evaluate(watchScrollingUp);
    expect(watched.jumps).toEqual([]);
    expect(watched.mostRows).toBeLessThanOrEqual(200);
    expect(watched.first).toMatch(/^number 1\b/);

    await ben.send(id, 'the newest');
    await tab.button('Newest messages').click();
    await tab.row('the newest').waitFor();
    await until('the end', async () => (await tab.button('Newest messages').count()) === 0);
    expect(tab.faults).toEqual([]);
  });
});

/**
 * Scrolls up to the beginning in steps. A row that was seen at one place has to be found a step lower afterwards,
 * whatever was put in above it or taken away below.
 */
async function watchScrollingUp(): Promise<{ jumps: string[]; mostRows: number; first: string }> {
  const STEP = 3_000;
  const list = document.querySelector<HTMLElement>('.messages')!;
  const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => resolve()));
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('[data-id]')];
  const top = (row: HTMLElement): number => row.getBoundingClientRect().top;
  const jumps: string[] = [];
  let mostRows = 0;
  const deadline = performance.now() + 180_000;
  while (performance.now() < deadline) {
    // Not the first: it loses its name and the line of its day once something is known of what comes before.
    const seen = rows().find((row, index) => index > 0 && top(row) > list.getBoundingClientRect().top)!;
    const [before, scrolledFrom] = [top(seen), list.scrollTop];
    list.scrollTop -= STEP;
    const moved = scrolledFrom - list.scrollTop;
    await frame();
    await frame();
    mostRows = Math.max(mostRows, rows().length);
    const after = seen.isConnected ? top(seen) : Number.NaN;
    if (Math.abs(after - before - moved) > 2 || Number.isNaN(after))
      jumps.push(`${seen.innerText.slice(0, 20)}: from ${before} to ${after}, scrolled by ${moved}`);
    if (list.innerText.includes('This is where the conversation begins.') && list.scrollTop === 0) break;
  }
  return { jumps, mostRows, first: rows()[0]!.querySelector<HTMLElement>('.text')!.innerText };
}
