import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('two people who mention each other', () => {
  let bench: Bench;
  let ada: Tab;
  let ben: Tab;
  let second: Person;
  beforeAll(async () => {
    bench = await Bench.open();
    const people = ['Ada', 'Ben'].map((displayName) => signUp(bench.url, { displayName }));
    const [first, other] = (await Promise.all(people)) as [Person, Person];
    second = other;
    await first.send(await first.group(second), 'Welcome.');
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([ada.signIn(first), ben.signIn(second)]);
    await ada.openConversation(/a group/);
  });
  afterAll(() => bench.close());

  it('see a badge in the list, and the display name in the message', async () => {
    await ada.composer.fill(`Tea, @${second.username}? Or \`@${second.username}\`?`);
    await ada.composer.press('Enter');
    await ben.list.getByRole('link', { name: /a group.*mentions you, 2 unread/s }).waitFor();
    await ben.openConversation(/a group/);
    await until('the badge is gone', async () => (await ben.list.getByText('mentions you').count()) === 0);
    const [mentioned, seen] = [ben, ada].map((tab) => tab.row('Tea,').locator('.mention'));
    expect(await mentioned!.allTextContents()).toEqual([expect.stringMatching(/^@\W*Ben\W*$/)]);
    expect(await mentioned!.getAttribute('class')).toBe('mention own');
    await seen!.waitFor();
    expect(await seen!.getAttribute('class')).toBe('mention');
    expect(await ada.row('Tea,').locator('code').textContent()).toBe(`@${second.username}`);
  });

  it('mention everybody by @all', async () => {
    await ada.composer.fill('@all: it is ready.');
    await ada.composer.press('Enter');
    await ben.row('it is ready').locator('.mention.own').waitFor();
    await ada.row('it is ready').locator('.mention').waitFor();
    expect(await ada.row('it is ready').locator('.mention.own').count()).toBe(0);
    for (const [name, tab] of Object.entries({ ada, ben }))
      if (process.env.SCREENSHOTS)
        await tab.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
  });
});
