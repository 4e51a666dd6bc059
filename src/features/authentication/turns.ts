import { RATE_LIMITED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { BulkheadFullError, FairBulkhead } from '../../platform/rate-limits/fair-bulkhead';
import type { Configuration } from '../../platform/configuration/configuration';

/** How much work may wait: of one client, of all clients, and for how long. A slow machine reaches the time first. */
const WAITING_PER_CLIENT = 64;
const WAITING = 128;
const WAITING_MS = 3_000;
const RETRY_SECONDS = 2;

/**
 * Bounds expensive work that anybody may ask for. Clients take turns, so that a flood from one does not delay the
 * others.
 */
export class Turns {
  private readonly bulkhead: FairBulkhead;

  constructor(atOnce: number, { RATE_LIMITS }: Configuration) {
    const isLimited = RATE_LIMITS === 'on';
    this.bulkhead = new FairBulkhead({
      atOnce,
      waitingPerKey: isLimited ? WAITING_PER_CLIENT : Infinity,
      waiting: isLimited ? WAITING : Infinity,
      waitingMs: isLimited ? WAITING_MS : Infinity,
    });
  }

  get waiting(): number {
    return this.bulkhead.waiting;
  }

  /**
   * @throws Problem `rate-limited` when too much is waiting or it waited too long (then nothing ran), or the error of
   * `work`
   */
  async run<T>(client: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.bulkhead.run(client, work);
    } catch (error) {
      if (error instanceof BulkheadFullError)
        throw new Problem(RATE_LIMITED, { retryAfter: RETRY_SECONDS }, { cause: error });
      throw error;
    }
  }
}
