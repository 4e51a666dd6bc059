/**
 * Where a client keeps what has to survive a restart of the application: tokens, messages that are not acknowledged
 * yet, and what it knows of conversations. Values are plain JSON. A `set` must be on disk when it resolves.
 * IndexedDB, a file or a table with two columns will do.
 */
export interface ClientStorage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** All keys that begin with `prefix`. */
  keys(prefix: string): Promise<string[]>;
}

/** Keeps everything in memory: for tests, and for clients that begin anew each time. */
export class MemoryStorage implements ClientStorage {
  private readonly values = new Map<string, string>();

  async get(key: string): Promise<unknown> {
    const text = this.values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
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
}
