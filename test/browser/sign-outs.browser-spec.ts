import type { Route } from 'playwright-core';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

/** Holds an answer of the server until the test releases it to the page. */
class Late {
  private readonly answers: Promise<() => Promise<void>>[] = [];

  private constructor(
    private readonly tab: Tab,
    private readonly path: RegExp,
  ) {}

  static async of(tab: Tab, path: RegExp): Promise<Late> {
    const late = new Late(tab, path);
    await tab.page.route(path, (route) => void late.answers.push(late.ask(route)));
    return late;
  }

  /** Resolves when the server has answered. */
  async isAnswered(): Promise<void> {
    await until('the server to be asked', () => this.answers.length > 0);
    await Promise.all(this.answers);
  }

  async letGo(): Promise<void> {
    await this.tab.page.unroute(this.path);
    for (const answer of await Promise.all(this.answers)) await answer();
  }

  private async ask(route: Route): Promise<() => Promise<void>> {
    const response = await route.fetch();
    // The page may have cancelled the request.
    return () => route.fulfill({ response }).catch(() => undefined);
  }
}

const PROFILE = /\/api\/v1\/users\/me$/;
const FRIENDS = /\/api\/v1\/friends\?/;
const LOGOUT = /\/auth\/logout$/;
const CREATION = /\/api\/v1\/conversations$/;

describe('after a session', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let friend: Person;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada Lovelace' });
    ben = await signUp(bench.url, { displayName: 'Ben Babbage' });
    friend = await signUp(bench.url, { displayName: 'Friend of Ada' });
    await ada.call('POST', '/friend-requests', { recipientId: friend.id });
    await friend.call('POST', '/friend-requests', { recipientId: ada.id });
    await ada.send(await ada.direct(friend), 'between Ada and her friend');
  });
  afterAll(() => bench.close());

  const visit = (): Promise<Tab> => bench.visit({ serviceWorkers: 'block' });
  const signOut = async (tab: Tab): Promise<void> => {
    await tab.link('Settings').click();
    await tab.button('Sign out').click();
    // This is sooner than a timeout of the request.
    await tab.button('Sign in').waitFor({ timeout: 10_000 });
  };
  /** Waits until the page has processed an earlier answer and rendered the result. */
  const hasTakenAnswers = (tab: Tab): Promise<void> =>
    tab.page.evaluate(async () => {
      for (let count = 0; count < 5; count++) {
        await (await fetch('/theme.js', { cache: 'no-store' })).text();
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
  /** Everything that the browser has stored about any user. */
  const kept = (tab: Tab): Promise<string[]> =>
    tab.page.evaluate(async () => {
      const names: string[] = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open(name!);
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error!);
        });
        for (const store of database.objectStoreNames) {
          const request = database.transaction(store).objectStore(store).getAllKeys();
          await new Promise((resolve) => (request.onsuccess = resolve));
          names.push(...(request.result as string[]));
        }
        database.close();
      }
      for (const cache of await caches.keys())
        for (const { url } of await (await caches.open(cache)).keys())
          if (/\/(api|socket\.io)\//.test(url)) names.push(url);
      names.push(...Object.keys({ ...localStorage }).filter((key) => key !== 'xfchat-theme'));
      return names;
    });

  it('a late answer does not bring the signed-in screens back', async () => {
    const tab = await visit();
    const late = await Late.of(tab, PROFILE);
    await tab.signIn(ada);
    await late.isAnswered();
    await signOut(tab);
    await late.letGo();
    await hasTakenAnswers(tab);
    expect(await tab.button('Sign in').isVisible()).toBe(true);
    expect(tab.faults).toEqual([]);
    await tab.context.close();
  });

  it('the next user sees nothing of the previous one, even if answers arrive late', async () => {
    const tab = await visit();
    const late = [await Late.of(tab, PROFILE), await Late.of(tab, FRIENDS)] as const;
    await tab.signIn(ada);
    await Promise.all(late.map((each) => each.isAnswered()));
    await tab.openConversation(/Friend of Ada/);
    await signOut(tab);
    await tab.signIn(ben);
    expect(new URL(tab.page.url()).pathname).toBe('/');
    await late[0].letGo();
    await late[1].letGo();
    await hasTakenAnswers(tab);
    await tab.link(/Friends/).click();
    await tab.sees(/^No friends yet\./);
    await tab.link('Settings').click();
    await until(
      'the name of Ben',
      async () => (await tab.field('Display name').inputValue()) === 'Ben Babbage',
    );
    expect(await tab.page.getByText(/Ada|Friend of/).count()).toBe(0);
    expect(tab.faults).toEqual([]);
    await tab.context.close();
  });

  it('the sign-in screen comes at once, also when the server does not answer', async () => {
    const tab = await visit();
    await tab.signIn(ada);
    await tab.list.getByRole('link', { name: /Friend of Ada/ }).waitFor();
    const late = await Late.of(tab, LOGOUT);
    await signOut(tab);
    await tab.signIn(ben);
    await late.letGo();
    await tab.page.reload();
    await tab.link(/Friends/).waitFor();
    await tab.link('Settings').click();
    expect(await tab.field('Display name').inputValue()).toBe('Ben Babbage');
    expect(tab.faults).toEqual([]);
    await tab.context.close();
  });

  it('an earlier action still runs for the user who began it, and does not navigate another user', async () => {
    const tab = await visit();
    await tab.signIn(ada);
    await tab.link('New group').click();
    await tab.field('Group name').fill('A secret of Ada');
    const late = await Late.of(tab, CREATION);
    await tab.button('Create group').click();
    await late.isAnswered();
    await signOut(tab);
    await tab.signIn(ben);
    await late.letGo();
    await hasTakenAnswers(tab);
    expect(new URL(tab.page.url()).pathname).toBe('/');
    const { body } = await (await ben.signInAgain()).call('GET', '/conversations');
    expect(body.items).toEqual([]);
    expect(tab.faults).toEqual([]);
    await tab.context.close();
  });

  it('a suspended tab does not touch the session that another tab began', async () => {
    const [sleeping, awake] = await (async () => {
      const tab = await bench.visit();
      await tab.signIn(ada);
      await tab.list.getByRole('link', { name: /Friend of Ada/ }).waitFor();
      return [tab, await tab.another()] as const;
    })();
    await awake.list.getByRole('link', { name: /Friend of Ada/ }).waitFor();
    const devTools = await sleeping.context.newCDPSession(sleeping.page);
    await devTools.send('Page.setWebLifecycleState', { state: 'frozen' });

    await signOut(awake);
    await awake.signIn(ben);
    await awake.link('Settings').click();
    await devTools.send('Page.setWebLifecycleState', { state: 'active' });

    await sleeping.link('Settings').click();
    await until(
      'the tab to show the person who is signed in',
      async () => (await sleeping.field('Display name').inputValue()) === 'Ben Babbage',
    );
    await awake.page.reload();
    expect(await awake.field('Display name').inputValue()).toBe('Ben Babbage');
    expect([...sleeping.faults, ...awake.faults]).toEqual([]);
    await sleeping.context.close();
  });

  it('nothing stays in any tab or in the browser when the session was ended elsewhere', async () => {
    const tab = await bench.visit();
    await tab.signIn(ada);
    await tab.openConversation(/Friend of Ada/);
    const another = await tab.another();
    await another.openConversation(/Friend of Ada/);
    await until('the conversation to be kept', async () =>
      (await kept(tab)).some((name) => name.startsWith('conversation:')),
    );
    await another.composer.fill('a draft');
    await until('the draft to be kept', async () =>
      (await kept(tab)).some((name) => name.startsWith('draft:')),
    );
    const other = await ada.signInAgain('telephone');
    const { body } = await other.call('GET', '/auth/sessions');
    for (const { id, deviceName } of body.items as { id: string; deviceName: string | null }[])
      if (deviceName?.includes('Chrome')) await other.call('DELETE', `/auth/sessions/${id}`);

    for (const each of [tab, another]) {
      await each.sees('You were signed out, on another device or by the server.');
      expect(await each.page.getByText(/Friend of|between Ada|a draft/).count()).toBe(0);
      expect(await each.page.title()).toBe('XFChat');
    }
    await until('everything to be gone', async () => (await kept(tab)).length === 0);
    await tab.signIn(ada);
    await tab.openConversation(/Friend of Ada/);
    expect(await tab.composer.inputValue()).toBe('');
    await tab.shows(['between Ada and her friend']);
    expect([...tab.faults, ...another.faults]).toEqual([]);
    await tab.context.close();
  });
});
