import type { ClientStorage, StorageCondition } from './storage.ts';

const STORE = 'values';

/** A message to other tabs: a string was written. */
interface Announcement {
  readonly key: string;
  readonly written: string;
}

/** Keeps everything in the browser's IndexedDB. Tabs of one origin share it when they use the same name. */
export class IndexedDbStorage implements ClientStorage {
  private opening: Promise<IDBDatabase> | undefined;
  /** Undefined until it is needed; null if the browser has no `BroadcastChannel`. */
  private channel: BroadcastChannel | null | undefined;

  /** @param name the name of the database; a different one for each server and each user signed in at the same time */
  constructor(private readonly name = 'xfchat') {}

  async get(key: string): Promise<unknown> {
    return this.run('readonly', (store) => store.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.run('readwrite', (store) => store.put(value, key));
    this.announce(key, value);
  }

  async delete(key: string): Promise<void> {
    await this.run('readwrite', (store) => store.delete(key));
    this.announce(key);
  }

  async keys(prefix: string): Promise<string[]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return (await this.run('readonly', (store) => store.getAllKeys(range))) as string[];
  }

  /** The check and the write are one transaction. */
  async writeIf({ keys, allows }: StorageCondition, key: string, value: unknown): Promise<boolean> {
    let isAllowed = false;
    await this.run('readwrite', (store) => {
      const requests = keys.map((each) => store.get(each));
      const last = requests.at(-1)!; // requests of one transaction succeed in order
      last.onsuccess = () => {
        isAllowed = allows(...requests.map(({ result }) => result as unknown));
        if (!isAllowed) return;
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      };
      return last;
    });
    if (isAllowed) this.announce(key, value);
    return isAllowed;
  }

  watch(key: string, listener: (written?: unknown) => void): () => void {
    const channel = this.openChannel();
    const heard = ({ data }: MessageEvent): void => {
      if (data === key) listener();
      else if ((data as Partial<Announcement> | null)?.key === key) listener((data as Announcement).written);
    };
    channel?.addEventListener('message', heard);
    return () => channel?.removeEventListener('message', heard);
  }

  /** Resolves when the transaction is complete: the data is not durable before that. */
  private async run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const transaction = await this.begin(mode);
    return new Promise((resolve, reject) => {
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
    });
  }

  /** Begins a transaction. If the browser has closed the database meanwhile, it is opened once more. */
  private async begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const begin = async (): Promise<IDBTransaction> =>
      (await (this.opening ??= this.open())).transaction(STORE, mode, { durability: 'strict' });
    try {
      return await begin();
    } catch (error) {
      if ((error as { name?: unknown }).name !== 'InvalidStateError') throw error;
      this.opening = undefined;
      return begin();
    }
  }

  private open(): Promise<IDBDatabase> {
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB could not be opened'));
    });
    const forget = (): void => {
      if (this.opening === opening) this.opening = undefined;
    };
    opening.then((database) => {
      database.onclose = forget;
      // Another tab deletes or upgrades the database, and would wait until this connection is closed.
      database.onversionchange = () => {
        forget();
        database.close();
      };
    }, forget);
    return opening;
  }

  /** Tabs with an earlier release of the page understand the key alone. Objects may be large, and hold tokens. */
  private announce(key: string, written?: unknown): void {
    const channel = this.openChannel();
    if (typeof written === 'string') channel?.postMessage({ key, written } satisfies Announcement);
    channel?.postMessage(key);
  }

  private openChannel(): BroadcastChannel | null {
    if (this.channel !== undefined) return this.channel;
    try {
      this.channel = new BroadcastChannel(`${this.name}-storage`);
      // In Node, an open channel would keep the process alive.
      (this.channel as { unref?: () => void }).unref?.();
    } catch {
      this.channel = null;
    }
    return this.channel;
  }
}
