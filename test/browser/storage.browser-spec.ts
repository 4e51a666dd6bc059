import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

const TOLD = /^This browser could not save everything/;

interface Scope {
  databases: IDBDatabase[];
}

/** Damages the storage under an open page. */
const FAULTS: Readonly<Record<string, (tab: Tab) => Promise<unknown>>> = {
  closed: (tab) =>
    tab.page.evaluate(() =>
      (globalThis as unknown as Scope).databases.forEach((database) => database.close()),
    ),
  cleared: async (tab) => {
    const devTools = await tab.context.newCDPSession(tab.page);
    const { origin } = new URL(tab.page.url());
    await devTools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
  },
  full: async (tab) => {
    const devTools = await tab.context.newCDPSession(tab.page);
    const { origin } = new URL(tab.page.url());
    await devTools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  },
  unusable: (tab) =>
    tab.page.evaluate(() => {
      IDBDatabase.prototype.transaction = () => {
        throw new DOMException('broken', 'UnknownError');
      };
    }),
  silent: (tab) =>
    tab.page.evaluate(() => {
      const store = IDBObjectStore.prototype;
      // Requests of this kind keep the transaction open forever.
      const endless = function (this: IDBObjectStore): void {
        const again = (): void => void (this.get('x').onsuccess = again);
        again();
      };
      const { put } = store;
      store.put = function (this: IDBObjectStore, ...entry: Parameters<typeof put>) {
        endless.call(this);
        return put.apply(this, entry);
      };
    }),
};

describe('a page whose storage fails', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let conversationId: string;
  beforeAll(async () => {
    bench = await Bench.open({ ACCESS_TOKEN_LIFETIME_MS: '4000' });
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ada.direct(ben);
  });

  const stored = async (): Promise<string[]> => {
    const device = await ben.signInAgain();
    const { body } = await device.call('GET', `/conversations/${conversationId}/messages?limit=200`);
    return body.items.map((message: { body: string }) => message.body);
  };

  it.each(Object.entries(FAULTS))(
    'sends each message once, and stays signed in: %s',
    async (name, damage) => {
      const tab = await bench.visit();
      await tab.page.addInitScript(() => {
        const scope = globalThis as unknown as Scope;
        scope.databases = [];
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function (...words) {
          const request = open.apply(this, words);
          request.addEventListener('success', () => scope.databases.push(request.result));
          return request;
        };
      });
      await tab.goTo('/');
      await tab.signIn(ada);
      await tab.openConversation(/Ben/);
      await tab.say('before');
      await tab.hasSent();

      await damage(tab);
      for (const text of ['one', 'two']) {
        await tab.say(text);
        expect(await tab.composer.inputValue()).toBe('');
      }
      await tab.hasSent();
      await tab.shows(['before', 'one', 'two']);
      // A closed database is opened again without a message to the user.
      if (name !== 'closed') await tab.page.getByRole('status').getByText(TOLD).waitFor();
      expect(await tab.composer.inputValue()).toBe('');

      // This is longer than the lifetime of several tokens.
      const renewals: unknown[] = [];
      tab.page.on('response', (response) => {
        if (response.url().endsWith('/auth/refresh') && response.ok()) renewals.push(response);
      });
      await until('two more renewals', () => renewals.length >= 2, 30_000);
      await tab.say('three');
      await tab.hasSent();
      await tab.shows(['before', 'one', 'two', 'three']);
      expect(await stored()).toEqual(['before', 'one', 'two', 'three']);
      expect(tab.faults).toEqual([]);
      await tab.context.close();
    },
  );

  it('works in a browser without any storage, and warns the user', async () => {
    const tab = await bench.visit({ serviceWorkers: 'block' });
    await tab.page.addInitScript(() => {
      const refuse = (): never => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      };
      for (const name of ['indexedDB', 'localStorage', 'sessionStorage', 'caches'])
        Object.defineProperty(globalThis, name, { get: refuse });
      Object.assign(globalThis, { BroadcastChannel: undefined });
      Object.defineProperty(navigator, 'locks', { value: undefined });
    });
    await tab.goTo('/');
    await tab.signIn(ada);
    await tab.openConversation(/Ben/);
    await tab.say('without a storage');
    await tab.hasSent();
    await tab.page.getByRole('status').getByText(TOLD).waitFor();
    await tab.link('Settings').click();
    await tab.page.getByRole('radio', { name: 'Dark' }).check();
    await tab.button('Sign out').click();
    await tab.signIn(ben);
    await tab.openConversation(/Ada/);
    await tab.shows(['without a storage']);
    expect(tab.faults).toEqual([]);
  });
});
