import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { TIME_FUNCTION } from './sql';

/** Rows in one transaction. It holds locks for some tens of milliseconds; a kill loses at most this much work. */
export const CHUNK = 2_000;

/** Held by a transaction. The session holds the lock of `withLegacyLock` besides. */
const CHUNK_LOCK = 932_430;

/** Receives the progress of a step; `done` counts rows of the source. */
export type Progress = (step: string, done: number) => void;

/** The result of one chunk of a step, and the key to continue from; undefined if nothing was left to do. */
export interface Advance {
  readonly position: unknown;
  readonly rows: number;
}

/** A running import, rollback or verification. `withLegacyLock` allows only one at a time. */
export class LegacyRun {
  constructor(
    readonly dataSource: DataSource,
    private readonly progress: Progress,
  ) {}

  /**
   * Runs one chunk in a transaction that writes and reads times as UTC. A lock runs chunks one after the other, because the
   * database may still be committing the last chunk of a killed process.
   */
  inUtc<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inTransaction(this.dataSource, async (manager) => {
      await manager.query(
        `set local timezone = 'UTC'; set local lock_timeout = '60s'; select pg_advisory_xact_lock(${CHUNK_LOCK})`,
      );
      await manager.query(TIME_FUNCTION);
      return work(manager);
    });
  }

  /**
   * Runs a step chunk by chunk. Each chunk commits its progress. So a killed import continues after its last commit,
   * and never repeats a finished step.
   */
  async step(
    name: string,
    chunk: (manager: EntityManager, position: unknown) => Promise<Advance | undefined>,
  ): Promise<void> {
    for (let isFinished = false; !isFinished;) {
      isFinished = await this.inUtc(async (manager) => {
        const [state] = await manager.query<{ position: unknown; done: number; is_finished: boolean }[]>(
          `select position, done, is_finished from legacy_steps where step = $1`,
          [name],
        );
        if (state?.is_finished) return true;
        const advance = await chunk(manager, state?.position ?? null);
        await manager.query(
          `insert into legacy_steps (step, position, done, is_finished) values ($1, $2, $3, $4)
           on conflict (step) do update set position = excluded.position, done = legacy_steps.done + excluded.done,
             is_finished = excluded.is_finished`,
          [name, JSON.stringify(advance?.position ?? null), advance?.rows ?? 0, advance === undefined],
        );
        this.progress(name, (state?.done ?? 0) + (advance?.rows ?? 0));
        return advance === undefined;
      });
    }
  }

  /** Updates the planner's statistics of a table that was just filled; autovacuum would be too late. */
  async analyze(...tables: string[]): Promise<void> {
    await this.once(`analyze ${tables.join(', ')}`, (manager) =>
      manager.query(`analyze ${tables.join(', ')}`),
    );
  }

  /** Runs a step in one transaction. */
  async once(name: string, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    await this.step(name, async (manager, position) => {
      if (position !== null) return undefined;
      await work(manager);
      return { position: true, rows: 0 };
    });
  }
}
