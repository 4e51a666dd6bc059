import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PASSWORD } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

const PROGRAM = join(__dirname, '../../dist/cli.js');

jest.setTimeout(240_000);

describe('an invitation', () => {
  let bench: Bench;
  let link: string;
  let code: string;
  beforeAll(async () => {
    bench = await Bench.open({ REGISTRATION: 'invite' });
    const words = ['invitation', 'create', '--uses', '2', '--json'];
    const printed = execFileSync(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, DATABASE_URL: bench.database.url },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    code = /xfi_[\w-]+/.exec(printed.toString())![0];
    link = `/sign-up#${code}`;
  });
  afterAll(() => bench.close());

  const isForgotten = (tab: Tab): Promise<true> =>
    until('the invitation to be out of the address', () => {
      const { pathname, hash } = new URL(tab.page.url());
      return pathname === '/' && hash === '';
    });
  const fill = async (tab: Tab, username: string, password: string): Promise<void> => {
    await tab.field('Username').fill(username);
    await tab.field('Password').fill(password);
  };

  it('is requested where it is needed, and its faults are shown there', async () => {
    const tab = await bench.visit();
    await tab.button('Create an account').click();
    await fill(tab, 'nobody', PASSWORD);
    await tab.field('Invitation').fill('xfi_of-nobody');
    await tab.button('Create account').click();
    await tab.sees('This invitation is not valid or has expired.');
    expect(await tab.field('Invitation').getAttribute('aria-invalid')).toBe('true');
    expect(tab.faults).toEqual([]);
  });

  it('is read from a link, and is removed from the address after any registration or sign-in', async () => {
    const tab = await bench.visit();
    await tab.goTo(link);
    expect(await tab.field('Invitation').inputValue()).toBe(code);
    await fill(tab, 'ada', PASSWORD);
    await tab.button('Create account').click();
    await tab.link(/Friends/).waitFor();
    await isForgotten(tab);

    // The user is already signed in.
    await tab.goTo(link);
    await tab.link(/Friends/).waitFor();
    await isForgotten(tab);

    const another = await bench.visit();
    await another.goTo(link);
    await another.button('Sign in').click();
    await another.field('Username or e-mail').fill('ada');
    await another.field('Password').fill(PASSWORD);
    await another.button('Sign in').click();
    await another.link(/Friends/).waitFor();
    await isForgotten(another);
    expect([...tab.faults, ...another.faults]).toEqual([]);
  });
});
