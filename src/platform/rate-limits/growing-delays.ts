/** After `free` attempts that were not given back, each further one has to wait, twice as long as the one before. */
export interface DelayRule {
  readonly free: number;
  /** Milliseconds before the first attempt that has to wait. */
  readonly firstMs: number;
  /** No wait is longer: a delay, and never a lock. */
  readonly maxMs: number;
  /** One attempt is forgotten each so many milliseconds. */
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
 * Attempts by key, in memory. An attempt counts from the moment that it is taken, so that parallel ones cannot all pass
 * before the first of them has failed; one that succeeds is given back.
 */
export class GrowingDelays {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly rule: DelayRule,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Milliseconds until an attempt may be taken; 0: now. */
  wait(key: string): number {
    const entry = this.entries.get(key);
    return entry ? Math.max(0, entry.blockedUntil - this.now()) : 0;
  }

  /** Counts an attempt that `wait` lets pass. @returns a receipt for `giveBack` */
  take(key: string): number {
    const now = this.now();
    const entry = this.entryOf(key, now);
    entry.level += 1;
    const excess = Math.round(entry.level) - this.rule.free;
    if (excess < 0) return 0;
    entry.blockedUntil = now + Math.min(this.rule.maxMs, this.rule.firstMs * 2 ** excess);
    return entry.blockedUntil;
  }

  /** The attempt was no failure. It takes back the delay that it began, and none that another one began. */
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
    // Put at the end: those not used for longest stand first and are dropped first.
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
