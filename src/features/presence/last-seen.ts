import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { Metrics } from '../../platform/metrics/metrics';
import { readLastSeen, storeLastSeen } from './presence.queries';

/** Users per statement. */
const BATCH = 1_000;
/** When the database stores nothing for long, the oldest entries are dropped: a time online is not worth the memory. */
const MAX_WAITING = 50_000;

/** Records when users were last online, in memory, and stores it for many users at once. */
@Injectable()
export class LastSeen {
  /** On the clock of `performance.now()`. */
  private readonly noted = new Map<string, number>();
  private readonly failures;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    metrics: Metrics,
  ) {
    this.failures = metrics.counter(
      'xfchat_last_seen_failures_total',
      'Failed attempts to store when people were last online; each is retried',
    );
  }

  note(userId: string, at = performance.now()): void {
    this.noted.delete(userId);
    this.noted.set(userId, at);
    if (this.noted.size <= MAX_WAITING) return;
    for (const oldest of this.noted.keys()) {
      this.noted.delete(oldest);
      break;
    }
  }

  /** Stores the recorded times. Those that the database rejects stay for the next call. */
  async store(): Promise<void> {
    while (this.noted.size > 0) {
      const batch = [...this.noted].slice(0, BATCH);
      const now = performance.now();
      const seen = batch.map(([userId, at]) => ({ userId, ageMs: now - at }));
      try {
        await inTransaction(this.dataSource, (manager) => storeLastSeen(manager, seen));
      } catch {
        // The database monitor reports outages, and during maintenance nothing is stored, so this is not logged.
        this.failures.inc();
        return;
      }
      for (const [userId, at] of batch) if (this.noted.get(userId) === at) this.noted.delete(userId);
    }
  }

  /** Reads when users were last online, except for those who hide it. Empty while the database does not answer. */
  async read(userIds: readonly string[]): Promise<Map<string, number>> {
    return readLastSeen(this.dataSource, userIds).catch(() => new Map<string, number>());
  }
}
