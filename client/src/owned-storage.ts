import { writeIf, type ClientStorage } from './storage.ts';

/**
 * The id of the user whose data the storage holds. While the data is being deleted, it is empty, or has the reason why the session has
 * ended. Other tabs read that reason, or get it by `watch`.
 */
const OWNER = 'owner';
const NOBODY = '';
const ENDED = 'ended:';
/** Time limit of an operation, in milliseconds. A slower one counts as failed. */
const TIMEOUT_MS = 5_000;
/** Pause after a failure, in milliseconds. Until it ends, writes stay in memory. */
const RETRY_AFTER_MS = 2_000;

export interface OwnedStorageHost {
  /** A read or write has failed. */
  failed(error: Error): void;
  /** Called when `isInMemory` changes: some data is in memory only, or everything is stored again. */
  changed(isInMemory: boolean): void;
  /**
   * Another tab has emptied the storage, or has signed in as another user.
   * @param reason why the session has ended, if the other tab says so
   */
  lost(reason?: string): void;
  /** Another tab may have begun a session. */
  written(key: string): void;
}

/** A conditional write: it is made only if `allows` accepts the value that is stored at that moment. */
interface Change {
  /** Undefined deletes. */
  readonly value: unknown;
  readonly allows: (stored: unknown) => boolean;
}

const always = (): boolean => true;

/**
 * The storage of the current user. It never rejects:
 *   - A value that cannot be written stays in memory. It is read from there, and the write is tried again.
 *   - Each write is conditional on the owner, in the same transaction. So a late write of one user's tab never reaches the
 *     storage of another user, nor a storage that was emptied.
 *   - After the browser has emptied the storage, this page keeps its data in memory.
 */
export class OwnedStorage implements ClientStorage {
  private owner: string | undefined;
  /** Whether the storage is known to be the owner's. */
  private isClaimed = false;
  /** The browser or a person has emptied the storage: from now on, everything stays in memory. */
  private isCutOff = false;
  /** The newest value of each key that is not written yet. */
  private readonly unwritten = new Map<string, Change>();
  private retryAt = 0;
  /** The keys of `unwritten` that could not be written. */
  private readonly failed = new Set<string>();
  private wasInMemory = false;
  private isFailing = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly storage: ClientStorage,
    private readonly host: OwnedStorageHost,
    watched: readonly string[] = [],
  ) {
    storage.watch?.(OWNER, (written) => void this.check({ written }));
    for (const key of watched) storage.watch?.(key, () => host.written(key));
  }

  /** Makes a user the owner of the storage, and deletes the data of any other user. */
  async claim(userId: string): Promise<void> {
    this.reset(userId);
    await this.attempt(() => this.takeOver(userId));
    this.tell();
  }

  /**
   * Continues with the data that an earlier run of this user has stored.
   * @returns false when the storage belongs to another user, or when deleting its data was interrupted
   */
  async resume(userId: string): Promise<boolean> {
    this.reset(userId);
    // A storage without an owner was filled by the application itself, not by an earlier run.
    const allows = (stored: unknown): boolean => stored === userId || stored === undefined;
    const result = await this.attempt(() => writeIf(this.storage, { keys: [OWNER], allows }, OWNER, userId));
    if (result?.value === false) this.reset(undefined);
    else if (result) this.isClaimed = true;
    this.tell();
    return this.owner !== undefined;
  }

  /** Stops all writes and drops what is in memory. */
  release(): void {
    this.reset(undefined);
    this.tell();
  }

  /**
   * Deletes everything and releases the storage. Does nothing if it belongs to another user or session by now.
   * @param key the key whose value `isOwn` checks
   * @param isOwn whether the stored value of `key` is absent or belongs to the caller
   * @param reason why the session has ended, for other tabs
   */
  async clear(key: string, isOwn: (stored: unknown) => boolean, reason: string): Promise<void> {
    const { owner } = this;
    this.reset(undefined);
    if (owner === undefined) return;
    const allows = (stored: unknown, value: unknown): boolean => stored === owner && isOwn(value);
    await this.attempt(async () => {
      const mark = ENDED + reason;
      if (await writeIf(this.storage, { keys: [OWNER, key], allows }, OWNER, mark))
        await this.empty(undefined, mark);
    });
  }

  /**
   * Checks whether the storage still belongs to this user. A sleeping tab misses the notifications of other tabs.
   * @param change another tab of this application has written the owner: this value, if it is known. Without a change, an
   *   absent owner means that the browser has emptied the storage, and that does not end the session.
   */
  async check(change?: { readonly written: unknown }): Promise<void> {
    const { owner } = this;
    if (owner === undefined || !this.isClaimed || (this.isCutOff && !change)) return;
    const result = await this.attempt(() => this.storage.get(OWNER));
    if (!result || owner !== this.owner || result.value === owner) return;
    // The value may be gone by now, or be the next owner: so what was written counts as well.
    if (result.value !== undefined || change)
      return this.host.lost(reasonIn(result.value) ?? reasonIn(change?.written));
    this.isCutOff = true;
    this.tell();
  }

  async get(key: string): Promise<unknown> {
    const change = this.unwritten.get(key);
    if (change || this.isCutOff) return change?.value;
    return (await this.attempt(() => this.storage.get(key)))?.value;
  }

  async keys(prefix: string): Promise<string[]> {
    const result = this.isCutOff ? undefined : await this.attempt(() => this.storage.keys(prefix));
    const found = new Set(result?.value);
    for (const [key, { value }] of this.unwritten) {
      if (!key.startsWith(prefix)) continue;
      if (value === undefined) found.delete(key);
      else found.add(key);
    }
    return [...found];
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.replace(key, value, always);
  }

  async delete(key: string): Promise<void> {
    await this.replace(key, undefined, always);
  }

  /**
   * Writes `key`, or deletes it when `value` is undefined, if `allows` accepts the stored value. A repeated attempt checks
   * the condition again.
   * @returns false when the write was not allowed
   */
  async replace(key: string, value: unknown, allows: (stored: unknown) => boolean): Promise<boolean> {
    if (this.owner === undefined) return false;
    const change = { value, allows };
    this.unwritten.set(key, change);
    const isPaused = this.isCutOff || (this.isFailing && Date.now() < this.retryAt);
    if (!isPaused) return this.persist(key, change);
    this.failed.add(key);
    return true;
  }

  /** @returns false when the condition has refused the write */
  private async persist(key: string, change: Change): Promise<boolean> {
    const { owner } = this;
    let seen: unknown;
    const condition = {
      keys: [OWNER, key],
      allows: (stored: unknown, value: unknown): boolean => {
        seen = stored;
        return stored === owner && change.allows(value);
      },
    };
    const result = await this.attempt(async () => {
      if (!this.isClaimed) await this.takeOver(owner!);
      return writeIf(this.storage, condition, key, change.value);
    });
    if (owner !== this.owner) return true;
    if (!result) this.failed.add(key);
    else if (result.value || seen === owner) {
      if (this.unwritten.get(key) === change) {
        this.unwritten.delete(key);
        this.failed.delete(key);
      }
      this.retry();
    } else if (seen === undefined) this.isCutOff = true;
    else this.host.lost(reasonIn(seen));
    this.tell();
    return result?.value !== false || seen !== owner;
  }

  /** Writes the values that an earlier failure has left in memory. */
  private retry(): void {
    const wasFailing = this.isFailing;
    this.isFailing = false;
    if (wasFailing) for (const [key, change] of this.unwritten) void this.persist(key, change);
  }

  private async takeOver(userId: string): Promise<void> {
    const isOwn = (stored: unknown): boolean => stored === userId;
    if (!(await writeIf(this.storage, { keys: [OWNER], allows: isOwn }, OWNER, userId))) {
      // From here on, tabs of the previous user cannot write any more. After an interruption, the next claim restarts this.
      await this.storage.set(OWNER, NOBODY);
      await this.empty(userId, NOBODY);
    }
    if (this.owner === userId) this.isClaimed = true;
  }

  /** Deletes everything, as long as the owner is `mark`, and then writes the next owner. */
  private async empty(next: string | undefined, mark: string): Promise<void> {
    const condition = { keys: [OWNER], allows: (stored: unknown): boolean => stored === mark };
    for (const key of await this.storage.keys('')) {
      if (key !== OWNER) await writeIf(this.storage, condition, key, undefined);
    }
    await writeIf(this.storage, condition, OWNER, next);
  }

  private reset(owner: string | undefined): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.owner = owner;
    this.isClaimed = this.isCutOff = this.isFailing = false;
    this.unwritten.clear();
    this.failed.clear();
  }

  /** @returns the result, or undefined after a failure */
  private async attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the storage does not answer')), TIMEOUT_MS);
    });
    try {
      return { value: await Promise.race([work(), timeout]) };
    } catch (error) {
      this.fail(error as Error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(error: Error): void {
    this.isFailing = true;
    this.retryAt = Date.now() + RETRY_AFTER_MS;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const [first] = this.unwritten;
      if (this.isFailing && first) void this.persist(...first);
    }, RETRY_AFTER_MS);
    // In Node, unwritten values do not keep the process alive.
    (this.timer as { unref?: () => void }).unref?.();
    this.host.failed(error);
  }

  private tell(): void {
    const isOwned = this.owner !== undefined;
    const isInMemory = isOwned && (this.isCutOff || !this.isClaimed || this.failed.size > 0);
    if (isInMemory === this.wasInMemory) return;
    this.wasInMemory = isInMemory;
    this.host.changed(isInMemory);
  }
}

/** Why the session has ended, if a value of the owner says so. */
function reasonIn(owner: unknown): string | undefined {
  return typeof owner === 'string' && owner.startsWith(ENDED) ? owner.slice(ENDED.length) : undefined;
}
