/**
 * Keeps the data that must survive a restart of the application. These are tokens, messages that are not acknowledged yet,
 * and the newest part of each conversation. Values are plain JSON. A `set` must be on disk when it resolves. IndexedDB, a file
 * or a table with two columns is enough.
 */
export interface ClientStorage {
  /** The value of `key`; undefined when it is absent. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** All keys that begin with `prefix`. */
  keys(prefix: string): Promise<string[]>;
  /**
   * Writes `key`, or deletes it when `value` is undefined, if the condition allows it. Implement this when several tabs or
   * processes share the storage. Nothing else may write between the check and the write. Without this method, the client
   * checks first and writes then.
   * @returns whether the condition allowed the write
   */
  writeIf?(condition: StorageCondition, key: string, value: unknown): Promise<boolean>;
  /**
   * Calls the listener after another tab or process has written `key`.
   * @param listener is given what was written, if it was a string: a later write may have replaced it
   * @returns a function that unsubscribes
   */
  watch?(key: string, listener: (written?: unknown) => void): () => void;
}

/** Decides about a write from what is stored. */
export interface StorageCondition {
  /** The keys that the decision is based on. */
  readonly keys: readonly string[];
  /** @param stored the values of `keys`, in that order; undefined for an absent one */
  readonly allows: (...stored: readonly unknown[]) => boolean;
}

/**
 * Sets `key`, or deletes it when `value` is undefined, if the condition allows it.
 * @returns whether it was written
 */
export async function writeIf(
  storage: ClientStorage,
  condition: StorageCondition,
  key: string,
  value: unknown,
): Promise<boolean> {
  if (storage.writeIf) return storage.writeIf(condition, key, value);
  const stored = await Promise.all(condition.keys.map((each) => storage.get(each)));
  if (!condition.allows(...stored)) return false;
  await (value === undefined ? storage.delete(key) : storage.set(key, value));
  return true;
}

/** Keeps everything in memory, for tests and for clients that restart without any data. */
export class MemoryStorage implements ClientStorage {
  private readonly values = new Map<string, string>();

  async get(key: string): Promise<unknown> {
    return this.read(key);
  }

  async set(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
  }

  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }

  async keys(prefix: string): Promise<string[]> {
    return [...this.values.keys()].filter((key) => key.startsWith(prefix));
  }

  async writeIf({ keys, allows }: StorageCondition, key: string, value: unknown): Promise<boolean> {
    if (!allows(...keys.map((each) => this.read(each)))) return false;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, JSON.stringify(value));
    return true;
  }

  private read(key: string): unknown {
    const text = this.values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }
}
