import { signUp, type Person } from '../support/people';
import type { TestSocket } from '../support/test-socket';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('two people who see each other', () => {
  let bench: Bench;
  let ada: Tab;
  let ben: Tab;
  let second: Person;
  let third: Person;
  let cyd: TestSocket;
  let group: string;
  beforeAll(async () => {
    bench = await Bench.open();
    const people = ['Ada', 'Ben', 'Cyd'].map((displayName) => signUp(bench.url, { displayName }));
    const [first, ...others] = (await Promise.all(people)) as [Person, Person, Person];
    [second, third] = others as [Person, Person];
    await first.direct(second);
    group = await first.group(second, third);
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
    await ada.signIn(first);
    await ada.openConversation(/Ben/);
  });
  afterAll(async () => {
    cyd?.close();
    await bench.close();
  });

  const head = (tab: Tab, text: string | RegExp): Promise<void> =>
    tab.page.locator('.pane-head').getByText(text).waitFor();

  it('connect, and see that the other is online', async () => {
    await ben.signIn(second);
    await ben.openConversation(/Ada/);
    await head(ada, /· online/);
    await head(ben, /· online/);
    await ada.list.getByRole('link', { name: /Ben.*\(online\)/ }).waitFor();
    await ada.page.locator('.entry .presence-dot.online').waitFor();
  });

  it('see the other type until the message arrives', async () => {
    await ben.composer.pressSequentially('Hello');
    await head(ada, /Ben.? is typing …/);
    // A screen reader reads it on demand, and does not announce each change.
    expect(await ada.page.locator('.pane-head [aria-live], .pane-head [role=status]').count()).toBe(0);
    await ben.composer.press('Enter');
    await ada.shows(['Hello']);
    await head(ada, /· online/);
  });

  it('see that the other has stopped typing', async () => {
    await ben.composer.fill('Never mind');
    await head(ada, /Ben.? is typing …/);
    await ben.composer.fill('');
    await head(ada, /· online/);
  });

  it('see several people type in a group', async () => {
    await Promise.all([ada.openConversation(/a group/), ben.openConversation(/a group/)]);
    await ben.composer.fill('What about');
    cyd = await third.connect();
    await cyd.ok('typing:start', { conversationId: group });
    await head(ada, /^.?Ben.? and .?Cyd.? are typing …$/);
    await ben.composer.fill('');
    await Promise.all([ada.openConversation(/Ben/), ben.openConversation(/Ada/)]);
  });

  it('leave, and are shown as away when none of their devices is in use', async () => {
    const phone = await second.connect();
    await phone.ok('presence:set', { status: 'away' });
    await ben.page.goto('about:blank');
    await head(ada, /· away/);
    await ada.page.locator('.entry .presence-dot.away').waitFor();
    phone.close();
    await head(ada, /· last seen/);
  });

  it('can be invisible, which all of their devices show', async () => {
    await ben.goTo('/');
    await head(ada, /· online/);
    await ben.link('Settings').click();
    await ben.field(/^Invisible/).check();
    await head(ada, /· last seen/);
    expect((await second.call('GET', '/users/me/presence')).body).toMatchObject({ invisible: true });
    await second.call('PATCH', '/users/me/presence', { invisible: false });
    await head(ada, /· online/);
    await ben.page.waitForFunction(
      () => !document.querySelector<HTMLInputElement>('fieldset .choice input[type=checkbox]')!.checked,
    );
    await ben.field(/^Hide when I was/).check();
    await ben.link('Friends').click();
    await ben.link('Settings').click();
    await ben.field(/^Hide when I was/).isChecked();
    await ben.page.close();
    await ada.page.waitForFunction(
      () => !/online|last seen/.test(document.querySelector('.pane-head p')!.textContent!),
    );
  });
});
