/** Rejects work that would wait too long for its turn: nothing of it was begun. */
export class BulkheadFullError extends Error {
  constructor() {
    super('too much work is waiting');
  }
}

export interface BulkheadLimits {
  /** Pieces of work that run at the same time. */
  readonly atOnce: number;
  /** Pieces of one key that may wait. */
  readonly waitingPerKey: number;
  /** Pieces of all keys that may wait. */
  readonly waiting: number;
  /** Work that has waited longer when its turn comes is rejected. */
  readonly waitingMs: number;
}

interface Waiter {
  readonly since: number;
  start(): void;
  reject(error: Error): void;
}

/**
 * Bounds how much runs at once, and shares the turns between keys: whoever brings a hundred pieces of work waits for them,
 * and the others take every second turn. When the queue is full, the newest piece of the longest line gives way.
 */
export class FairBulkhead {
  /** The next turn belongs to the first key. A key that has had its turn goes to the end. */
  private readonly lines = new Map<string, Waiter[]>();
  private running = 0;
  private count = 0;

  constructor(private readonly limits: BulkheadLimits) {}

  get waiting(): number {
    return this.count;
  }

  /** @throws BulkheadFullError, or what `work` throws */
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

  /** The slot goes to the next in turn without becoming free in between. */
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
