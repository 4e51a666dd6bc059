import 'fake-indexeddb/auto';
import { Account, type AccountOptions } from './account.ts';
import { Api } from './api.ts';
import { IndexedDbStorage } from './indexed-db-storage.ts';
import { OwnedStorage } from './owned-storage.ts';
import { Session, SESSION_KEY } from './session.ts';
import type { SignedIn } from './types.ts';

const device = { id: 's', deviceName: null, createdAt: '', lastUsedAt: '', expiresAt: '', current: true };
const signedIn = (userId: string): SignedIn => ({
  user: { id: userId, username: userId } as SignedIn['user'],
  session: { ...device, id: `of ${userId}` },
  accessToken: `access ${userId}`,
  refreshToken: `refresh ${userId}`,
  expiresIn: 900,
});

/** A tab of a browser whose database has this name, without a socket or a server. */
function open(database: string) {
  const storage: OwnedStorage = new OwnedStorage(
    new IndexedDbStorage(database),
    {
      failed: (error) => {
        throw error;
      },
      changed: () => undefined,
      lost: (reason) => account.lostStorage(reason),
      written: () => account.sessionStored(),
    },
    [SESSION_KEY],
  );
  const api = new Api('http://server/', 1_000, async () => new Response(null, { status: 204 }));
  const session = new Session(api, storage, {});
  const part = {
    open: () => undefined,
    close: () => undefined,
    start: () => undefined,
    stop: () => undefined,
  };
  const account: Account = new Account({
    ...{ session, storage },
    connection: part as unknown as AccountOptions['connection'],
    sender: part as unknown as AccountOptions['sender'],
    restore: async () => undefined,
    flush: async () => undefined,
    discard: () => undefined,
    clear: () => undefined,
  });
  const left = new Promise<string>((resolve) => account.on('left', ({ reason }) => resolve(reason)));
  return { account, session, storage, left };
}

/** Two tabs of one browser, both with the session of Ada. */
async function openTwo(database: string) {
  const here = open(database);
  await here.account.begin(Promise.resolve(signedIn('ada')));
  const there = open(database);
  await there.account.resume();
  return { here, there };
}

describe('an account in two tabs', () => {
  it.each(['session-revoked', 'account-erased', 'signed-out'])(
    'ends in both for the same reason, %s, although only one of them received it',
    async (reason) => {
      const { here, there } = await openTwo(`ended by ${reason}`);
      await here.storage.set('draft:1', 'a draft');
      if (reason === 'signed-out') await here.account.signOut();
      else here.session.over(reason);
      await expect(here.left).resolves.toBe(reason);
      await expect(there.left).resolves.toBe(reason);
      expect(there.session.user).toBeUndefined();
    },
  );

  it('leaves nothing in the storage, not even the reason', async () => {
    const { here, there } = await openTwo('emptied');
    await here.storage.set('draft:1', 'a draft');
    here.session.over('session-revoked');
    await there.left;
    await here.account.signOut(); // after the pending work
    await expect(new IndexedDbStorage('emptied').keys('')).resolves.toEqual([]);
  });

  it('ends in the other tab as signed out when somebody else signs in', async () => {
    const { here, there } = await openTwo('taken over');
    await here.account.begin(Promise.resolve(signedIn('ben')));
    await expect(there.left).resolves.toBe('signed-out');
    expect(here.session.user?.id).toBe('ben');
    await here.account.stop();
  });
});
