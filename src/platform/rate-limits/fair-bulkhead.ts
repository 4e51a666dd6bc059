/** The work would wait too long, and was not begun. */
export class BulkheadFullError extends Error {
  constructor() {
    super('too much work is waiting');
  }
}

export interface BulkheadLimits {
  /** How many pieces of work run at the same time. */
  readonly atOnce: number;
  /** How many pieces of one key may wait. */
  readonly waitingPerKey: number;
  /** How many pieces of all keys may wait. */
  readonly waiting: number;
  /** Work that has waited longer than this is rejected. */
  readonly waitingMs: number;
}

interface Waiter {
  readonly since: number;
  start(): void;
  reject(error: Error): void;
}

/**
 * Bounds how much work runs at once, and alternates between keys. A caller with a hundred pieces of work delays
 * mostly itself. When the queue is full, the newest piece of the longest line is rejected.
 */
export class FairBulkhead {
  /** In order of their turns. A key that has had its turn moves to the end. */
  private readonly lines = new Map<string, Waiter[]>();
  private running = 0;
  private count = 0;

  constructor(private readonly limits: BulkheadLimits) {}

  get waiting(): number {
    return this.count;
  }

  /** @throws BulkheadFullError, or the error of `work` */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.atOnce) this.running++;
    else await this.turn(key);
    try {
      return await work();
    } finally {
      this.passOn();
    }
  }

  private turn(key: string): Promise<void> {
    const line = this.lines.get(key) ?? [];
    if (line.length >= this.limits.waitingPerKey) throw new BulkheadFullError();
    if (this.count >= this.limits.waiting && !this.shortenLongerThan(line.length + 1))
      throw new BulkheadFullError();
    return new Promise((resolve, reject) => {
      line.push({ since: performance.now(), start: resolve, reject });
      this.lines.set(key, line);
      this.count++;
    });
  }

  /** Passes the slot to the next waiter, without freeing it in between. */
  private passOn(): void {
    const earliest = performance.now() - this.limits.waitingMs;
    for (let waiter = this.next(); waiter; waiter = this.next()) {
      if (waiter.since >= earliest) return waiter.start();
      waiter.reject(new BulkheadFullError());
    }
    this.running--;
  }

  private next(): Waiter | undefined {
    const next = this.lines.entries().next();
    if (next.done) return undefined;
    const [key, line] = next.value;
    const waiter = line.shift()!;
    this.count--;
    this.lines.delete(key);
    if (line.length > 0) this.lines.set(key, line);
    return waiter;
  }

  /** @returns false when no line is longer than `length` */
  private shortenLongerThan(length: number): boolean {
    let longest: [string, Waiter[]] | undefined;
    for (const entry of this.lines) if (entry[1].length > (longest?.[1].length ?? length)) longest = entry;
    if (!longest) return false;
    longest[1].pop()!.reject(new BulkheadFullError());
    this.count--;
    return true;
  }
}
