import { A_FEW, toError } from './problem.ts';

/** How long pauses between attempts are. */
export interface BackoffOptions {
  /** The first pause at most, in milliseconds; 500 by default. */
  readonly initialMs?: number;
  /** No pause is longer, in milliseconds, unless the server asks for it; 30,000 by default. */
  readonly maxMs?: number;
  /** Gives numbers from 0 to 1. */
  readonly random?: () => number;
}

/**
 * Growing, random pauses: twice as long each time, and each somewhere between half of that and all of it, so that
 * many clients do not come back together.
 */
export class Backoff {
  private attempt = 0;
  private readonly initialMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;

  constructor({ initialMs = 500, maxMs = 30_000, random = Math.random }: BackoffOptions = {}) {
    this.initialMs = initialMs;
    this.maxMs = maxMs;
    this.random = random;
  }

  /**
   * The next pause in milliseconds, never shorter than `atLeastMs` (what the server asked for), which gets some
   * chance on top.
   */
  next(atLeastMs = 0): number {
    const ceiling = Math.min(this.maxMs, this.initialMs * 2 ** this.attempt);
    this.attempt++;
    const pause = ceiling * (0.5 + this.random() / 2);
    return Math.round(pause < atLeastMs ? atLeastMs * (1 + this.random() / 10) : pause);
  }

  /** After a success the next pause is short again. */
  reset(): void {
    this.attempt = 0;
  }
}

/** Pauses that can be cut short. */
export class Pause {
  private readonly wakers = new Set<() => void>();

  /** Resolves after `ms`, or as soon as somebody calls `wake`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.wakers.add(done);
    });
  }

  /** Ends everybody's pause. */
  wake(): void {
    for (const done of [...this.wakers]) done();
  }
}

/**
 * A few attempts at something that is safe to repeat, with pauses in between.
 * @throws XFChatError the last refusal, or the first that will not change
 */
export async function insist<T>(options: BackoffOptions, pause: Pause, work: () => Promise<T>): Promise<T> {
  const backoff = new Backoff(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (failure) {
      const error = toError(failure);
      if (!['again', 'a-few'].includes(error.handling) || attempt >= A_FEW) throw error;
      await pause.wait(backoff.next(error.retryAfterMs));
    }
  }
}
