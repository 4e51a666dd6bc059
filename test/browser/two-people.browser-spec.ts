import { randomBytes } from 'node:crypto';
import { call } from '../support/api';
import { PASSWORD, Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

const suffix = randomBytes(4).toString('hex');
const [adasName, bensName] = [`ada-${suffix}`, `ben-${suffix}`];

jest.setTimeout(240_000);

describe('two people in two browsers', () => {
  let bench: Bench;
  let ada: Tab;
  let ben: Tab;
  /** Ben's account on another device, which is not a browser. */
  let bensPhone: Person;
  beforeAll(async () => {
    bench = await Bench.open({ CONTACT_POLICY: 'friends' });
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
  });
  afterAll(() => bench.close());

  it('create accounts, and become friends, which both see live', async () => {
    await ada.signUp(adasName, 'Ada');
    await ben.signUp(bensName, 'Ben');
    await ada.sees('No conversations yet.');

    await ada.link(/Friends/).click();
    await ada.field('Find people').fill(bensName.slice(0, -1));
    await ada.button('Add friend Ben').click();
    await ada.field('Message (optional)').fill('We met at the exhibition.');
    await ada.button('Send request').click();
    await ada.button('Withdraw the request to Ben').waitFor();

    await ben.link('Friends 1 waiting').click();
    await ben.sees('We met at the exhibition.');
    await ben.button('Accept Ada').click();
    await ben.composer.waitFor();
    await ada.openConversation(/Ben/);
  });

  it('send each other messages of several lines', async () => {
    await ada.say('Hello Ben!');
    await ben.shows(['Hello Ben!']);
    await ben.composer.fill('Hello Ada!');
    await ben.composer.press('Shift+Enter');
    await ben.composer.pressSequentially('How are you?');
    await ben.composer.press('Enter');
    await ada.shows(['Hello Ben!', 'Hello Ada!\nHow are you?']);
    await ada.row('Hello Ben!').getByText('Read', { exact: true }).waitFor({ state: 'attached' });
  });

  it('see the number of unread messages until they are read', async () => {
    await ben.link('Settings').click();
    await ada.say('Are you there?');
    await ben.list.getByRole('link', { name: /Are you there\?.*1 unread/ }).waitFor();
    await until('the title', async () => (await ben.page.title()) === '(1) XFChat');
    await ben.openConversation(/Ada/);
    await until('nothing to be unread', async () => (await ben.page.title()) === 'XFChat');
    await ada.row('Are you there?').getByText('Read', { exact: true }).waitFor({ state: 'attached' });
  });

  it('reply to, edit and delete messages', async () => {
    await ben.doTo('Are you there?', 'Reply');
    await ben.say('Yes I am');
    await ada
      .row('Yes I am')
      .getByRole('button', { name: /Reply to: You Are you there\?/ })
      .waitFor();

    await ben.hasSent();
    await ben.composer.press('ArrowUp');
    const change = ben.page.getByRole('textbox', { name: 'Edit message' });
    await change.fill('Yes I was');
    await change.press('Enter');
    await ada.row('Yes I was').getByRole('button', { name: 'edited' }).click();
    const versions = ada.page.getByRole('dialog', { name: 'Versions of this message' });
    await versions.locator('del', { hasText: 'am' }).waitFor();
    await versions.locator('ins', { hasText: 'was' }).waitFor();
    await ada.page.keyboard.press('Escape');
    await versions.waitFor({ state: 'detached' });

    await ben.doTo('Yes I was', 'Delete');
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ada.sees('This message was deleted.');
    await ben.sees('This message was deleted.');
    expect(await ada.row('Yes I was').count()).toBe(0);
  });

  it('resolve an edit conflict', async () => {
    const { body } = await call(bench.url, 'POST', '/api/v1/auth/login', {
      body: { login: bensName, password: PASSWORD, deviceName: 'phone' },
    });
    bensPhone = new Person(bench.url, body.user.id, bensName, body.session.id, body.accessToken, '');
    await ben.say('We meet at noon');
    await ada.row('We meet at noon').waitFor();
    await ben.hasSent();
    await ben.doTo('We meet at noon', 'Edit');
    const id = await ben.row('We meet at noon').getAttribute('data-id');
    const conversation = new URL(ben.page.url()).pathname.slice('/c/'.length);
    const path = `/conversations/${conversation}/messages/${id}`;
    const { status, body: edited } = await bensPhone.call('PUT', path, {
      body: 'We meet at one',
      version: `phone-${suffix}`,
    });
    expect({ status, body: edited.body }).toEqual({ status: 200, body: 'We meet at one' });
    await ben.row('We meet at one').waitFor();

    await ben.composer.fill('We meet at two');
    await ben.composer.press('Enter');
    const dialog = ben.page.getByRole('dialog', { name: 'This message has changed in the meantime' });
    await dialog.getByText('We meet at one').first().waitFor();
    await dialog.getByText('We meet at two').first().waitFor();
    expect(await ada.row('We meet at two').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Use my text' }).click();
    await ada.row('We meet at two').waitFor();
  });

  it('create a group, and assign roles', async () => {
    await ada.link('New group').click();
    await ada.field('Group name').fill('The engine');
    await ada.page.getByRole('checkbox', { name: /Ben/ }).check();
    await ada.button('Create group').click();
    await ada.composer.waitFor();
    await ben.openConversation(/The engine/);
    await ada.say('Welcome');
    await ben.row('Welcome').waitFor();

    await ada.button('Details').click();
    await ada.field('Role of Ben').selectOption('admin');
    await ben.button('Details').click();
    await ben.field('Group name').fill('The great engine');
    await ben.button('Save').click();
    await ada.list.getByRole('link', { name: /The great engine/ }).waitFor();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Remove Ben' }).click();
    await ben.sees('This conversation does not exist, or you are not in it.');
    await until('the group to leave the list', async () => !(await ben.list.innerText()).includes('engine'));
    await ada.page.keyboard.press('Escape');
  });

  it('sign out other sessions', async () => {
    await ben.link('Settings').click();
    await ben.button('Sign out phone').click();
    await ben.button('Sign out phone').waitFor({ state: 'detached' });
    expect((await bensPhone.call('GET', '/users/me')).body.code).toBe('session-revoked');
  });

  it('block each other', async () => {
    await ben.link(/Friends/).click();
    await ben.button('Block Ada').click();
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
    await ben.button('Unblock Ada').waitFor();
    await ada.openConversation(/Ben/);
    await ada.say('Why?');
    await ada
      .row('Why?')
      .getByText(/Not sent/)
      .waitFor();
    await ada.button('Discard').click();
    await ada.row('Why?').waitFor({ state: 'detached' });
  });

  it('sign out, and leave no data behind', async () => {
    await ben.link('Settings').click();
    await ben.button('Sign out').click();
    await ben.field('Username or e-mail').waitFor();
    await ben.goTo('/');
    await ben.field('Username or e-mail').waitFor();
  });

  it('have caused no error, and no violation of the content security policy', () => {
    expect([...ada.faults, ...ben.faults]).toEqual([]);
  });
});
