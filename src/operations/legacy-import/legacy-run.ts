import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { TIME_FUNCTION } from './sql';

/** Rows in one transaction: some tens of milliseconds of locks, and what a kill makes to be done again. */
export const CHUNK = 2_000;

/** See `withLegacyLock`, which the session holds; this one goes with a transaction. */
const CHUNK_LOCK = 932_430;

/** How far a step is; `done` counts rows of the source. */
export type Progress = (step: string, done: number) => void;

/** The result of one chunk of a step, and the key to continue from; undefined if nothing was left to do. */
export interface Advance {
  readonly position: unknown;
  readonly rows: number;
}

/** An import, a rollback or a verification at work on a database. Only one at a time, see `withLegacyLock`. */
export class LegacyRun {
  constructor(
    readonly dataSource: DataSource,
    private readonly progress: Progress,
  ) {}

  /**
   * One chunk of work, in a transaction whose times are written and read as UTC. One after the other: what is left of a
   * process that was killed may still be committing its last chunk.
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

  /** Tells the planner what is in a table that was just filled; nobody else will in time. */
  async analyze(...tables: string[]): Promise<void> {
    await this.once(`analyze ${tables.join(', ')}`, (manager) =>
      manager.query(`analyze ${tables.join(', ')}`),
    );
  }

  /** A step that is one transaction. */
  async once(name: string, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    await this.step(name, async (manager, position) => {
      if (position !== null) return undefined;
      await work(manager);
      return { position: true, rows: 0 };
    });
  }
}
