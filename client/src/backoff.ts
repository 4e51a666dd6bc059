import { A_FEW, toError } from './problem.ts';

/** The length of the pauses between attempts. */
export interface BackoffOptions {
  /** Maximum of the first pause, in milliseconds; 500 by default. */
  readonly initialMs?: number;
  /** Maximum of all pauses, in milliseconds, unless the server asks for a longer one; 30,000 by default. */
  readonly maxMs?: number;
  /** Returns a random number from 0 to 1; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * Pauses that double each time. Each is random in the upper half of its range, so that many clients do not come back
 * together.
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
   * The next pause in milliseconds. It is never shorter than `atLeastMs`, the pause that the server asked for. When that is
   * the longer one, a random part is added to it.
   */
  next(atLeastMs = 0): number {
    const ceiling = Math.min(this.maxMs, this.initialMs * 2 ** this.attempt);
    this.attempt++;
    const pause = ceiling * (0.5 + this.random() / 2);
    return Math.round(pause < atLeastMs ? atLeastMs * (1 + this.random() / 10) : pause);
  }

  /** Makes the next pause short again. To be called after a success. */
  reset(): void {
    this.attempt = 0;
  }
}

/** Pauses that can be cut short. */
export class Pause {
  private readonly wakers = new Set<() => void>();

  /** Resolves after `ms` milliseconds, or as soon as `wake` is called. */
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

  /** Ends all pauses. */
  wake(): void {
    for (const done of [...this.wakers]) done();
  }
}

/**
 * Makes a few attempts at work that is safe to repeat, with pauses in between.
 * @throws XFChatError the problem of the last attempt, or the first one that no further attempt would change
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
