/**
 * After `free` attempts that were not given back, each further one has to wait twice as long as the previous one.
 */
export interface DelayRule {
  readonly free: number;
  /** Milliseconds before the first attempt that has to wait. */
  readonly firstMs: number;
  /** The longest delay, so that it never becomes a lockout. */
  readonly maxMs: number;
  /** One attempt expires each time this many milliseconds pass. */
  readonly forgetMs: number;
}

interface Entry {
  level: number;
  /** When `level` was last reduced. */
  at: number;
  blockedUntil: number;
}

const MAX_KEYS = 100_000;

/**
 * Attempts by key, in memory. An attempt is charged before its result is known. Otherwise, parallel attempts could
 * all pass before the first one has failed. A successful attempt is given back.
 */
export class GrowingDelays {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly rule: DelayRule,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Milliseconds until the next attempt is allowed; 0 when it is allowed now. */
  wait(key: string): number {
    const entry = this.entries.get(key);
    return entry ? Math.max(0, entry.blockedUntil - this.now()) : 0;
  }

  /**
   * Counts an attempt that `wait` allows.
   * @returns a receipt for `giveBack`
   */
  take(key: string): number {
    const now = this.now();
    const entry = this.entryOf(key, now);
    entry.level += 1;
    const excess = Math.round(entry.level) - this.rule.free;
    if (excess < 0) return 0;
    entry.blockedUntil = now + Math.min(this.rule.maxMs, this.rule.firstMs * 2 ** excess);
    return entry.blockedUntil;
  }

  /**
   * Returns an attempt that did not fail. It removes the delay that this attempt began, but not that of another
   * attempt.
   */
  giveBack(key: string, receipt: number): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    entry.level = Math.max(0, entry.level - 1);
    if (entry.blockedUntil === receipt) entry.blockedUntil = 0;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  private entryOf(key: string, now: number): Entry {
    const entry = this.entries.get(key) ?? { level: 0, at: now, blockedUntil: 0 };
    // Moved to the end, so that the least recently used entries are first, and are dropped first.
    this.entries.delete(key);
    if (this.entries.size >= MAX_KEYS) this.dropOldest(now);
    this.entries.set(key, entry);
    this.decay(entry, now);
    return entry;
  }

  private decay(entry: Entry, now: number): void {
    entry.level = Math.max(0, entry.level - (now - entry.at) / this.rule.forgetMs);
    entry.at = now;
  }

  private dropOldest(now: number): void {
    for (const [key, entry] of this.entries) {
      this.decay(entry, now);
      if (entry.level === 0) this.entries.delete(key);
    }
    for (const key of this.entries.keys()) {
      if (this.entries.size < MAX_KEYS) break;
      this.entries.delete(key);
    }
  }
}
