import { uploaded } from '../support/attachments';
import { withClient } from '../support/databases';
import { signUp, type Person } from '../support/people';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

/** Each text with its required display. */
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

describe('the text of a message', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: '<b>Ben</b>' });
    // The server rejects such names now; accounts of earlier releases may have one.
    await withClient(bench.database.url, (client) =>
      client.query('update users set display_name = $2 where id = $1', [ben.id, '<b>Ben</b> \u202e']),
    );
    tab = await bench.visit();
    await tab.signIn(ada);
  });
  afterAll(() => bench.close());

  it('is shown as text, whatever it contains', async () => {
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
    expect(tab.faults).toEqual([]);
  });

  it('stays in its place with many combining marks, and does not change the direction of other text', async () => {
    const zoe = await signUp(bench.url, { displayName: 'Zoe' });
    const id = await zoe.direct(ada);
    await zoe.send(id, 'the line before');
    await zoe.send(id, `piled ${'a' + '\u0301'.repeat(300)} up`);
    await tab.openConversation(/Zoe/);
    await tab.row('piled').waitFor();
    const clip = await tab.page.evaluate(() => {
      const text = [...document.querySelectorAll<HTMLElement>('.text')].at(-1)!;
      const { overflowX, overflowY, unicodeBidi } = getComputedStyle(text);
      return { overflowX, overflowY, unicodeBidi };
    });
    expect(clip).toEqual({ overflowX: 'clip', overflowY: 'clip', unicodeBidi: 'isolate' });
  });

  it('is aligned like all others when it is right-to-left, and has its own direction', async () => {
    const noor = await signUp(bench.url, { displayName: 'نور الهدى' });
    const id = await ada.group(noor);
    const { id: replyToId } = await noor.send(id, 'السؤال الأول');
    await ada.send(id, 'an answer', { replyToId });
    const direct = await noor.direct(ada);
    await noor.send(direct, 'مرحبا!');
    await tab.openConversation(/a group/);
    await tab.row('an answer').waitFor();
    const entry = tab.list.getByRole('link', { name: /مرحبا/ });
    for (const element of [tab.rows.locator('.quoted-name'), entry.locator('.entry-text')]) {
      const style = await element.evaluate((found) => {
        const { direction, textAlign } = getComputedStyle(found);
        return { direction, textAlign };
      });
      expect(style).toEqual({ direction: 'rtl', textAlign: 'left' });
    }
  });

  it('shows the target of a link if its words do not', async () => {
    const zoe = await signUp(bench.url, { displayName: 'Zoe the second' });
    const id = await zoe.direct(ada);
    await zoe.send(id, 'pay at [https://bank.example](https://evil.example/x) now');
    await zoe.send(id, 'https://аррӏе.com and https://example.org/a');
    await tab.openConversation(/Zoe the second/);
    await tab.shows([
      'pay at https://bank.example (leads to evil.example) now',
      'https://аррӏе.com (leads to xn--80ak6aa92e.com) and https://example.org/a',
    ]);
    const links = await tab.page.evaluate(() =>
      [...document.querySelectorAll<HTMLAnchorElement>('.text a')].map(({ rel, title }) => ({ rel, title })),
    );
    expect(links[0]).toEqual({ rel: 'noopener noreferrer nofollow', title: 'https://evil.example/x' });
    expect(links[1]!.title).toBe('https://xn--80ak6aa92e.com/');
    expect(tab.faults).toEqual([]);
  });

  it('has no marks of Markdown where it is quoted, pinned or listed, and files are named there', async () => {
    const fields = { type: 'group', title: 'Plans', participantIds: [ada.id] };
    const { id: group } = (await ben.call('POST', '/conversations', fields)).body;
    const marked = await ben.send(group, 'Meet on **Friday** at `5`');
    await ben.send(group, 'agreed', { replyToId: marked.id });
    const attachment = await uploaded(ben, { name: 'owl.txt', content: 'owl' });
    const file = await ben.send(group, '', { attachmentIds: [attachment.id] });
    await tab.openConversation(/Plans/);
    await tab.row('owl.txt').waitFor();
    expect(await tab.row('agreed').locator('.quoted-text').innerText()).toBe('Meet on Friday at 5');
    expect(await tab.list.getByRole('link', { name: /Plans/ }).innerText()).toContain('File: owl.txt');
    await ben.call('PUT', `/conversations/${group}/messages/${file.id}/pin`);
    await tab.page.getByRole('button', { name: 'Pinned File: owl.txt' }).waitFor();
    await ben.call('DELETE', `/conversations/${group}/messages/${file.id}/pin`);
    await ben.call('PUT', `/conversations/${group}/messages/${marked.id}/pin`);
    await tab.page.getByRole('button', { name: 'Pinned Meet on Friday at 5' }).waitFor();
  });
});
