import type { PoolShare } from '../request-context';

/** The queue of the share is full: further requests would wait longer than their deadline. */
export class QueueFullError extends Error {
  override name = 'QueueFullError';
}

interface Waiting {
  readonly since: number;
  readonly enter: () => void;
  isGone: boolean;
}

class Share {
  inUse = 0;
  waiting = 0;
  private queue: Waiting[] = [];

  constructor(readonly reserved: number) {}

  get missing(): number {
    return Math.max(0, this.reserved - this.inUse);
  }

  get first(): Waiting | undefined {
    while (this.queue[0]?.isGone) this.queue.shift();
    return this.queue[0];
  }

  push(enter: () => void): () => void {
    const waiting: Waiting = { since: performance.now(), enter, isGone: false };
    this.queue.push(waiting);
    this.waiting++;
    return () => {
      if (waiting.isGone) return;
      waiting.isGone = true;
      this.waiting--;
    };
  }

  take(): Waiting {
    const first = this.queue.shift()!;
    first.isGone = true;
    this.waiting--;
    return first;
  }
}

const SHARES = ['sign-in', 'messages', 'other'] as const;
/** A smaller pool reserves no connections. */
const MIN_TO_SHARE = 4;

/**
 * Decides which request gets a connection. A tenth of the pool (at least one) is reserved for authentication, and
 * as much for storing messages. No other share can take a reserved connection.
 *
 * Invariant: after every admission, as many connections are left as the other shares have reserved. So no request
 * waits in the pool below. The queues are here, one for each share, each of bounded length. Among admissible
 * requests, the longest waiting one is next.
 */
export class PoolBudget {
  private readonly shares: Record<PoolShare, Share>;

  constructor(
    private readonly max: number,
    private readonly queueMax: number,
  ) {
    const reserved = max < MIN_TO_SHARE ? 0 : Math.max(1, Math.floor(max / 10));
    this.shares = { 'sign-in': new Share(reserved), messages: new Share(reserved), other: new Share(0) };
  }

  /**
   * Calls `enter` now or when there is room; the caller must call `leave` later.
   * @returns a function that removes the caller from the queue
   * @throws QueueFullError
   */
  enter(name: PoolShare, enter: () => void): () => void {
    const share = this.shares[name];
    if (share.waiting >= this.queueMax) throw new QueueFullError(`${this.queueMax} wait for a connection`);
    const giveUp = share.push(enter);
    this.admit();
    return giveUp;
  }

  leave(name: PoolShare): void {
    this.shares[name].inUse--;
    this.admit();
  }

  get waiting(): number {
    return SHARES.reduce((sum, name) => sum + this.shares[name].waiting, 0);
  }

  usage(name: PoolShare): { inUse: number; waiting: number; reserved: number } {
    const { inUse, waiting, reserved } = this.shares[name];
    return { inUse, waiting, reserved };
  }

  private admit(): void {
    for (let next = this.next(); next; next = this.next()) {
      next.inUse++;
      next.take().enter();
    }
  }

  /** The share whose first request has waited longest, among the shares that may have one more connection. */
  private next(): Share | undefined {
    let chosen: Share | undefined;
    for (const name of SHARES) {
      const share = this.shares[name];
      if (!share.first || !this.hasRoomFor(share)) continue;
      if (!chosen || share.first.since < chosen.first!.since) chosen = share;
    }
    return chosen;
  }

  private hasRoomFor(share: Share): boolean {
    let taken = 1;
    for (const name of SHARES) {
      const other = this.shares[name];
      taken += other.inUse + (other === share ? 0 : other.missing);
    }
    return taken <= this.max;
  }
}
