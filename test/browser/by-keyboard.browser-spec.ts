import { randomBytes } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { PASSWORD, Person, signUp } from '../support/people';
import { Bench } from './support/bench';
import { hasFocus, isBackAt, press, reach, write } from './support/keyboard';
import type { Tab } from './support/tab';

const adasName = `ada-${randomBytes(4).toString('hex')}`;

jest.setTimeout(240_000);

describe('with only the keyboard', () => {
  let bench: Bench;
  let ben: Person;
  let tab: Tab;
  beforeAll(async () => {
    bench = await Bench.open({ CONTACT_POLICY: 'friends' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    tab = await bench.visit();
  });
  afterAll(() => bench.close());

  const type = (text: string): Promise<void> => tab.page.keyboard.type(text);
  const hit = (key: string): Promise<void> => tab.page.keyboard.press(key);
  const inDialog = (name: string): Locator =>
    tab.page.getByRole('dialog').last().getByRole('button', { name, exact: true });
  /** Opens and closes a dialog. Afterwards, the focus is where it was. */
  const lookInto = async (opener: Locator, title: string, key?: 'Shift+Tab'): Promise<void> => {
    await press(tab, opener, key);
    // Invisible characters isolate names in a sentence.
    const named = new RegExp(`^${title.replace('?', '\\?').replace('Ben', '\u2068?Ben\u2069?')}$`);
    const dialog = tab.page.getByRole('dialog', { name: named });
    await dialog.waitFor();
    await hit('Escape');
    await dialog.waitFor({ state: 'detached' });
    await isBackAt(opener);
  };

  it('a person creates an account, and finds somebody', async () => {
    await press(tab, tab.button('Create an account'));
    await write(tab, tab.field('Username'), adasName);
    await write(tab, tab.field(/Display name/), 'Ada');
    await write(tab, tab.field('Password'), PASSWORD);
    await hit('Enter');

    await press(tab, tab.link(/Friends/));
    await write(tab, tab.field('Find people'), ben.username);
    const add = tab.button('Add friend Ben');
    await lookInto(add, 'Ask Ben to be friends');
    await hit('Enter');
    await isBackAt(tab.field('Message (optional)'));
    await hit('Enter');
    await tab.button('Withdraw the request to Ben').waitFor();
    const { body } = await ben.call('GET', '/friend-requests?direction=incoming&status=pending');
    await ben.call('POST', `/friend-requests/${body.items[0].id}/accept`);

    await press(tab, tab.list.getByRole('link', { name: /^Ben/ }), 'Shift+Tab');
    await tab.composer.waitFor();
    await isBackAt(tab.composer);
  });

  it('a person writes a message, and edits it', async () => {
    await type('First line');
    await hit('Shift+Enter');
    await type('second line');
    await hit('Enter');
    await tab.shows(['First line\nsecond line']);
    await tab.hasSent();
    await hit('ArrowUp');
    await isBackAt(tab.page.getByRole('textbox', { name: 'Edit message' }));
    await type(', mended');
    await hit('Enter');
    await tab.shows(['First line\nsecond line, mended']);
    await isBackAt(tab.page.getByRole('textbox', { name: 'Write to Ben' }));
    await type('Another one');
    await hit('Enter');
    await tab.shows(['First line\nsecond line, mended', 'Another one']);
    await tab.hasSent();
  });

  it('a person moves from message to message, and replies to, inspects and deletes them', async () => {
    const [first, second] = [tab.row('First line'), tab.row('Another one')];
    await reach(tab, second, 'Shift+Tab');
    await hit('ArrowUp');
    expect(await hasFocus(first)).toBe(true);
    await lookInto(first.getByRole('button', { name: 'edited' }), 'Versions of this message');
    await press(tab, first.getByRole('button', { name: 'Reply' }));
    await isBackAt(tab.composer);
    await tab.sees('Replying to');
    await hit('Escape');
    await tab.page.getByText('Replying to').waitFor({ state: 'detached' });

    const trash = first.getByRole('button', { name: 'Delete' });
    await lookInto(trash, 'Delete this message?', 'Shift+Tab');
    await hit('Enter');
    await press(tab, inDialog('Delete'));
    const deleted = tab.row('This message was deleted.');
    await deleted.waitFor();
    await isBackAt(deleted);
  });

  it('a person resolves an edit conflict, and continues to write', async () => {
    const row = tab.row('Another one');
    const id = await row.getAttribute('data-id');
    await hit('ArrowDown');
    await press(tab, row.getByRole('button', { name: 'Edit' }));
    await isBackAt(tab.composer);
    const conversationId = new URL(tab.page.url()).pathname.slice('/c/'.length);
    const adasPhone = await new Person(bench.url, '', adasName, '', '', '').signInAgain('phone');
    const path = `/conversations/${conversationId}/messages/${id}`;
    await adasPhone.call('PUT', path, { body: 'From elsewhere' });
    await tab.row('From elsewhere').waitFor();
    await type(' and more');
    await hit('Enter');
    await press(tab, inDialog('Use my text'));
    await tab.shows(['Another one and more']);
    await isBackAt(tab.page.getByRole('textbox', { name: 'Write to Ben' }));
  });

  it('a person opens and leaves every other dialog', async () => {
    const details = tab.button('Details');
    await lookInto(details, 'About this conversation', 'Shift+Tab');
    await hit('Enter');
    await lookInto(tab.button('Hide conversation'), 'Hide this conversation?');
    await hit('Escape');
    await isBackAt(details);

    await press(tab, tab.link(/Friends/), 'Shift+Tab');
    await lookInto(tab.button('Remove Ben'), 'Remove Ben?');
    await lookInto(tab.button('Block Ben'), 'Block Ben?');
    expect(tab.faults).toEqual([]);
  });
});
