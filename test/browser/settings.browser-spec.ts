import { PASSWORD, signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

const [LIGHT, DARK] = ['rgb(255, 255, 255)', 'rgb(22, 24, 29)'];
const NEW_PASSWORD = 'another one that nobody has';

jest.setTimeout(240_000);

describe('settings', () => {
  let bench: Bench;
  let ada: Person;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    await ada.group();
  });
  afterAll(() => bench.close());

  it('choose the colours, which apply from the first paint on', async () => {
    // Block the service worker, which would answer for the server, so that the test can delay responses.
    const tab = await bench.visit({ colorScheme: 'light', serviceWorkers: 'block' });
    const choose = (name: string): Promise<void> => tab.page.getByRole('radio', { name }).check();
    await tab.signIn(ada);
    await tab.link('Settings').click();
    expect(await ground(tab)).toBe(LIGHT);
    await choose('Dark');
    expect(await ground(tab)).toBe(DARK);

    expect(await firstGround(tab)).toBe(DARK);
    expect(await tab.page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
    await choose('Light');
    await tab.page.emulateMedia({ colorScheme: 'dark' });
    expect(await firstGround(tab)).toBe(LIGHT);
    await choose('Use system setting');
    expect(await ground(tab)).toBe(DARK);
    expect(await firstGround(tab)).toBe(DARK);
    await tab.page.emulateMedia({ colorScheme: 'light' });
    expect(await ground(tab)).toBe(LIGHT);
    expect(tab.faults).toEqual([]);
  });

  it('change the password in this session and end all others', async () => {
    const [tab, elsewhere] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([tab.signIn(ada), elsewhere.signIn(ada)]);
    await tab.link('Settings').click();
    const [current, next] = [tab.field('Current password'), tab.field('New password')];
    const change = async (from: string, to: string): Promise<void> => {
      await current.fill(from);
      await next.fill(to);
      await tab.button('Change password').click();
    };

    await change('not my password', NEW_PASSWORD);
    await isRefused(tab, 'Current password', 'Your current password is wrong.');
    await change(PASSWORD, 'password123');
    await isRefused(tab, 'New password', 'New password is one of the most common passwords');
    expect(await current.getAttribute('aria-invalid')).toBeNull();
    expect((await ada.call('GET', '/users/me')).status).toBe(200);

    await change(PASSWORD, NEW_PASSWORD);
    await tab.sees('Password changed. Your other devices were signed out.');
    expect(await current.inputValue()).toBe('');
    await elsewhere.sees('You were signed out, on another device or by the server.');
    expect((await ada.call('GET', '/users/me')).body.code).toBe('session-revoked');
    await tab.openConversation(/a group/);
    await tab.say('I am still here');
    await tab.hasSent();

    await elsewhere.field('Username or e-mail').fill(ada.username);
    await elsewhere.field('Password').fill(PASSWORD);
    await elsewhere.button('Sign in').click();
    await elsewhere.sees('Wrong username or password.');
    await elsewhere.field('Password').fill(NEW_PASSWORD);
    await elsewhere.button('Sign in').click();
    await elsewhere.openConversation(/a group/);
    await elsewhere.shows(['I am still here']);
    expect([...tab.faults, ...elsewhere.faults]).toEqual([]);
  });

  it('erase the account, whose messages others then see without a name', async () => {
    const [cem, dora] = [
      await signUp(bench.url, { displayName: 'Cem' }),
      await signUp(bench.url, { displayName: 'Dora' }),
    ];
    const request = await cem.call('POST', '/friend-requests', { recipientId: dora.id });
    const accepted = await dora.call('POST', `/friend-requests/${request.body.id}/accept`);
    await cem.send(accepted.body.conversation.id, 'from Cem');
    const [tab, other] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([tab.signIn(cem), other.signIn(dora)]);
    await other.openConversation(/Cem/);
    await other.shows(['from Cem']);

    await tab.link('Settings').click();
    await tab.button('Erase my account …').click();
    const confirm = tab.button('Erase my account');
    await tab.field('Your password').fill('not my password');
    expect(await confirm.isDisabled()).toBe(true);
    await tab.page.getByRole('radio', { name: /without my name/ }).check();
    await confirm.click();
    await isRefused(tab, 'Your password', 'Wrong password.');
    await tab.field('Your password').fill(PASSWORD);
    await confirm.click();
    await tab.sees('Your account was erased.');
    expect((await cem.call('GET', '/users/me')).body.code).toBe('session-revoked');

    await other.sees('This person has erased their account.');
    await other.shows(['from Cem']);
    await other.list.getByRole('link', { name: /Erased account/ }).waitFor();
    expect(await other.page.getByText('Cem', { exact: true }).count()).toBe(0);
    expect([...tab.faults, ...other.faults]).toEqual([]);
  });
});

function ground(tab: Tab): Promise<string> {
  return tab.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}

/** Reloads the page, and inspects it when its styles are loaded and its script is not. */
async function firstGround(tab: Tab): Promise<string> {
  const { page } = tab;
  let letGo = (): void => undefined;
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  const scripts = /\/assets\/.*\.js$/;
  await page.route(scripts, async (route) => {
    await isLetGo;
    await route.continue();
  });
  await page.reload({ waitUntil: 'commit' });
  await until('the styles', () => page.evaluate(() => document.styleSheets.length > 0));
  const seen = await ground(tab);
  expect(await page.getByRole('radio').count()).toBe(0);
  letGo();
  await page.getByRole('radio').first().waitFor();
  await page.unroute(scripts);
  return seen;
}

/** The server rejects the value of a field. The error is shown there, and the field has the focus. */
async function isRefused(tab: Tab, label: string, why: string): Promise<void> {
  const field = tab.field(label);
  await until(`a refusal at ${label}`, async () => (await field.getAttribute('aria-invalid')) === 'true');
  const told = await field.evaluate(
    (input) => document.getElementById(input.getAttribute('aria-describedby')!)!.innerText,
  );
  expect(told).toContain(why);
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
}
