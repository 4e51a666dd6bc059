import { writeIf, type ClientStorage } from './storage.ts';

/** The id of the user whose data the storage holds. Empty while the data is being deleted. */
const OWNER = 'owner';
const NOBODY = '';
/** An operation that takes longer counts as failed; in milliseconds. */
const TIMEOUT_MS = 5_000;
/** After a failure, writes stay in memory for so long before they are tried again; in milliseconds. */
const RETRY_AFTER_MS = 2_000;

export interface OwnedStorageHost {
  /** A read or write has failed. */
  failed(error: Error): void;
  /** Whether something is kept in memory only has changed. */
  changed(isInMemory: boolean): void;
  /** Another tab has emptied the storage, or has signed in as another user. */
  lost(): void;
  /** Another tab may have begun a session. */
  written(key: string): void;
}

/** A write, which is made only if it is allowed by what is stored when it is made. */
interface Change {
  /** Undefined deletes. */
  readonly value: unknown;
  readonly allows: (stored: unknown) => boolean;
}

const always = (): boolean => true;

/**
 * The storage as the present user's. It never rejects:
 *   - What cannot be written stays in memory, is read from there, and is tried again.
 *   - Each write is conditional on the owner, in the same transaction. So what one user's tab writes late never lands
 *     in another user's storage, nor in one that was emptied. What was emptied under this page stays in memory.
 */
export class OwnedStorage implements ClientStorage {
  private owner: string | undefined;
  /** Whether the storage is known to be the owner's. */
  private isClaimed = false;
  /** The storage was emptied from outside: from now on, everything stays in memory. */
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
    storage.watch?.(OWNER, () => void this.check(true));
    for (const key of watched) storage.watch?.(key, () => host.written(key));
  }

  /** Takes the storage for a user, and deletes what another user has left in it. */
  async claim(userId: string): Promise<void> {
    this.reset(userId);
    await this.attempt(() => this.takeOver(userId));
    this.tell();
  }

  /**
   * Continues with what an earlier run of this user has stored.
   * @returns false when the storage belongs to another user, or when deleting its data was interrupted
   */
  async resume(userId: string): Promise<boolean> {
    this.reset(userId);
    // A storage without an owner was filled by hand.
    const allows = (stored: unknown): boolean => stored === userId || stored === undefined;
    const result = await this.attempt(() => writeIf(this.storage, { keys: [OWNER], allows }, OWNER, userId));
    if (result?.value === false) this.reset(undefined);
    else if (result) this.isClaimed = true;
    this.tell();
    return this.owner !== undefined;
  }

  /** From now on nothing is written. */
  release(): void {
    this.reset(undefined);
    this.tell();
  }

  /**
   * Deletes everything and releases the storage. Does nothing if it belongs to somebody else by now.
   * @param key together with the owner it tells whose the storage is
   * @param isOwn whether the value of `key` is one's own, or none
   */
  async clear(key: string, isOwn: (stored: unknown) => boolean): Promise<void> {
    const { owner } = this;
    this.reset(undefined);
    if (owner === undefined) return;
    const allows = (stored: unknown, value: unknown): boolean => stored === owner && isOwn(value);
    await this.attempt(async () => {
      if (await writeIf(this.storage, { keys: [OWNER, key], allows }, OWNER, NOBODY))
        await this.empty(undefined);
    });
  }

  /**
   * Looks whether the storage is still this user's: while a tab sleeps, it hears of nothing.
   * @param wasWritten another tab of this application has written the owner; otherwise an absent owner means that the
   *   browser has emptied the storage, which ends no session
   */
  async check(wasWritten = false): Promise<void> {
    const { owner } = this;
    if (owner === undefined || !this.isClaimed || this.isCutOff) return;
    const result = await this.attempt(() => this.storage.get(OWNER));
    if (!result || owner !== this.owner || result.value === owner) return;
    if (result.value !== undefined || wasWritten) return this.host.lost();
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
   * Writes `key` if `allows` what is stored there; undefined deletes. A write that is repeated later asks again.
   * @returns false when it was not allowed
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
    else this.host.lost();
    this.tell();
    return result?.value !== false || seen !== owner;
  }

  /** Tries again what an earlier failure has left in memory. */
  private retry(): void {
    const wasFailing = this.isFailing;
    this.isFailing = false;
    if (wasFailing) for (const [key, change] of this.unwritten) void this.persist(key, change);
  }

  private async takeOver(userId: string): Promise<void> {
    const isOwn = (stored: unknown): boolean => stored === userId;
    if (!(await writeIf(this.storage, { keys: [OWNER], allows: isOwn }, OWNER, userId))) {
      // From here on, tabs of the user before write nothing any more. After an interruption, the next claim restarts this.
      await this.storage.set(OWNER, NOBODY);
      await this.empty(userId);
    }
    if (this.owner === userId) this.isClaimed = true;
  }

  /** Deletes everything of a storage that is nobody's, as long as it is nobody's. */
  private async empty(next: string | undefined): Promise<void> {
    const condition = { keys: [OWNER], allows: (stored: unknown): boolean => stored === NOBODY };
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
    // In Node: what is in memory does not keep a process alive.
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
