import 'fake-indexeddb/auto';
import { IndexedDbStorage } from './indexed-db-storage.ts';
import { OwnedStorage } from './owned-storage.ts';
import { MemoryStorage, type ClientStorage } from './storage.ts';

/** A storage that a test can make fail, hang or lose everything. */
class Faulty extends MemoryStorage {
  fault: 'none' | 'full' | 'closed' = 'none';

  override async writeIf(...write: Parameters<MemoryStorage['writeIf']>): Promise<boolean> {
    if (this.fault !== 'none') throw new DOMException('no room', 'QuotaExceededError');
    return super.writeIf(...write);
  }

  override async get(key: string): Promise<unknown> {
    if (this.fault === 'closed') throw new DOMException('closed', 'InvalidStateError');
    return super.get(key);
  }
}

function owned(storage: ClientStorage) {
  const told: string[] = [];
  const errors: string[] = [];
  const view = new OwnedStorage(storage, {
    failed: ({ message }) => errors.push(message),
    changed: (isInMemory) => told.push(isInMemory ? 'in memory' : 'kept'),
    lost: (reason) => told.push(reason === undefined ? 'lost' : `lost: ${reason}`),
    written: (key) => told.push(`written ${key}`),
  });
  return { view, told, errors };
}

const anyValue = (): boolean => true;

describe('the storage of a user', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it.each(['full', 'closed'] as const)(
    'keeps a value in memory that a %s storage does not take',
    async (fault) => {
      const storage = new Faulty();
      const { view, told } = owned(storage);
      await view.claim('ada');
      storage.fault = fault;
      await view.set('outbox:1', 'one');
      await view.set('outbox:2', 'two');
      await view.delete('outbox:2');
      expect(await view.get('outbox:1')).toBe('one');
      expect(await view.keys('outbox:')).toEqual(['outbox:1']);
      expect(told).toEqual(['in memory']);

      storage.fault = 'none';
      await jest.advanceTimersByTimeAsync(2_000);
      expect(await storage.get('outbox:1')).toBe('one');
      expect(told).toEqual(['in memory', 'kept']);
    },
  );

  it('checks the condition of a write again when it repeats the write', async () => {
    const storage = new Faulty();
    const { view, told } = owned(storage);
    await view.claim('ada');
    await view.set('session', 'first');
    storage.fault = 'full';
    await view.replace('session', 'renewed', (stored) => stored === 'first');
    storage.fault = 'none';
    await storage.set('session', 'of another tab');
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await storage.get('session')).toBe('of another tab');
    expect(told).toEqual(['in memory', 'kept']);
  });

  it('stops waiting for a storage that does not answer in time', async () => {
    const storage = new Faulty();
    const { view, told } = owned(storage);
    await view.claim('ada');
    storage.writeIf = () => new Promise(() => undefined);
    const written = view.set('session', 'renewed');
    await jest.advanceTimersByTimeAsync(5_000);
    await written;
    expect(await view.get('session')).toBe('renewed');
    expect(told).toEqual(['in memory']);
  });

  it('continues in memory after the browser has emptied the storage, and writes nothing to it', async () => {
    const storage = new MemoryStorage();
    const { view, told } = owned(storage);
    await view.claim('ada');
    await view.set('session', 'first');
    for (const key of await storage.keys('')) await storage.delete(key);
    await view.set('session', 'renewed');
    expect(await view.get('session')).toBe('renewed');
    expect(await storage.keys('')).toEqual([]);
    expect(told).toEqual(['in memory']);
  });

  it('rejects writes of a tab of the previous user', async () => {
    const storage = new MemoryStorage();
    const [ada, ben] = [owned(storage), owned(storage)];
    await ada.view.claim('ada');
    await ada.view.set('outbox:1', 'from Ada');
    await ben.view.claim('ben');
    expect(await storage.keys('')).toEqual(['owner']);
    await ada.view.set('outbox:2', 'from Ada, late');
    expect(await storage.keys('')).toEqual(['owner']);
    expect(ada.told).toEqual(['lost']);

    await ada.view.clear('session', anyValue, 'signed-out');
    expect(await storage.get('owner')).toBe('ben');
  });

  it('is not emptied by a tab with another session than the stored one', async () => {
    const storage = new MemoryStorage();
    const { view } = owned(storage);
    await view.claim('ada');
    await view.set('session', 'another');
    await view.clear('session', (stored) => stored === 'mine', 'signed-out');
    expect(await storage.get('session')).toBe('another');
  });

  it('rejects writes once it is released', async () => {
    const storage = new MemoryStorage();
    const { view } = owned(storage);
    await view.claim('ada');
    await view.clear('session', anyValue, 'signed-out');
    await view.set('draft:1', 'late');
    expect(await storage.keys('')).toEqual([]);
  });

  it('learns why another tab empties it, from a write that this tab makes meanwhile', async () => {
    const storage = new MemoryStorage();
    const [here, there] = [owned(storage), owned(storage)];
    await here.view.claim('ada');
    await here.view.set('session', 'first');
    await there.view.resume('ada');
    const { keys } = storage;
    storage.keys = async (prefix) => {
      await there.view.set('draft:1', 'late');
      return keys.call(storage, prefix);
    };
    await here.view.clear('session', anyValue, 'session-revoked');
    expect(there.told).toEqual(['lost: session-revoked']);
    expect(await keys.call(storage, '')).toEqual([]);
  });

  it('ends when another tab has emptied it, also after a write has found it empty', async () => {
    const storage = new MemoryStorage();
    let heard = (): void => undefined;
    const watched = Object.assign(storage, {
      watch: (key: string, listener: () => void) => {
        if (key === 'owner') heard = listener;
        return () => undefined;
      },
    });
    const { view, told } = owned(watched);
    await view.claim('ada');
    await storage.delete('owner');
    await view.set('draft:1', 'late');
    expect(told).toEqual(['in memory']);
    heard();
    await jest.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['in memory', 'lost']);
  });

  it.each(['', 'ended:session-revoked'])(
    'is nobody’s when deleting data was interrupted, by “%s”',
    async (mark) => {
      const storage = new MemoryStorage();
      await storage.set('owner', mark);
      await storage.set('outbox:1', 'from Ada');
      const { view } = owned(storage);
      expect(await view.resume('ada')).toBe(false);
      await view.claim('ben');
      expect(await storage.keys('')).toEqual(['owner']);
    },
  );
});

describe('an IndexedDB', () => {
  const held = (storage: IndexedDbStorage): Promise<IDBDatabase> =>
    (storage as unknown as { opening: Promise<IDBDatabase> }).opening;

  it('is opened again after the browser has closed it', async () => {
    const storage = new IndexedDbStorage('closed');
    await storage.set('a', 1);
    (await held(storage)).close();
    expect(await storage.get('a')).toBe(1);
    await storage.set('a', 2);
    expect(await storage.get('a')).toBe(2);
  });

  it('closes a database that another tab deletes, and opens it again afterwards', async () => {
    const storage = new IndexedDbStorage('deleted');
    await storage.set('a', 1);
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('deleted');
      request.onsuccess = resolve;
      request.onblocked = () => reject(new Error('blocked'));
    });
    expect(await storage.get('a')).toBeUndefined();
    await storage.set('a', 2);
    expect(await storage.get('a')).toBe(2);
  });

  it('opens the database again after a failure to open it', async () => {
    const storage = new IndexedDbStorage('refused');
    const { open } = indexedDB;
    indexedDB.open = () => {
      throw new DOMException('not allowed', 'SecurityError');
    };
    await expect(storage.get('a')).rejects.toThrow('not allowed');
    indexedDB.open = open;
    expect(await storage.get('a')).toBeUndefined();
  });

  it('checks and writes in one step', async () => {
    const storage = new IndexedDbStorage('conditional');
    await storage.set('owner', 'ada');
    const write = (owner: string, value: unknown): Promise<boolean> =>
      storage.writeIf({ keys: ['owner', 'a'], allows: (stored) => stored === owner }, 'a', value);
    expect(await write('ben', 1)).toBe(false);
    expect(await storage.get('a')).toBeUndefined();
    expect(await write('ada', 1)).toBe(true);
    expect(await write('ada', undefined)).toBe(true);
    expect(await storage.keys('a')).toEqual([]);
  });

  it('tells another tab of a change', async () => {
    const [here, there] = [new IndexedDbStorage('watched'), new IndexedDbStorage('watched')];
    const heard = new Promise<void>((resolve) => there.watch('owner', () => resolve()));
    await here.set('other', 1);
    await here.set('owner', 'ada');
    await heard;
  });

  it('works where there are no channels between tabs', async () => {
    const { BroadcastChannel } = globalThis;
    Object.assign(globalThis, { BroadcastChannel: undefined });
    const storage = new IndexedDbStorage('alone');
    storage.watch('owner', () => undefined)();
    await storage.set('a', 1);
    expect(await storage.get('a')).toBe(1);
    Object.assign(globalThis, { BroadcastChannel });
  });
});
