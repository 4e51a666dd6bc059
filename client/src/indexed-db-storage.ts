import type { ClientStorage } from './storage.ts';

const STORE = 'values';

/** Keeps everything in the browser's IndexedDB. Tabs of one origin share it when they use the same name. */
export class IndexedDbStorage implements ClientStorage {
  private opening: Promise<IDBDatabase> | undefined;

  /** @param name of the database; one for each server and user that is signed in at the same time */
  constructor(private readonly name = 'xfchat') {}

  async get(key: string): Promise<unknown> {
    return this.run('readonly', (store) => store.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.run('readwrite', (store) => store.put(value, key));
  }

  async delete(key: string): Promise<void> {
    await this.run('readwrite', (store) => store.delete(key));
  }

  async keys(prefix: string): Promise<string[]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return (await this.run('readonly', (store) => store.getAllKeys(range))) as string[];
  }

  /** Resolves when the transaction is complete, not before: only then is it kept. */
  private async run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    this.opening ??= this.open();
    const database = await this.opening;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
  }

  private open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => {
        this.opening = undefined;
        reject(request.error ?? new Error('IndexedDB could not be opened'));
      };
    });
  }
}
