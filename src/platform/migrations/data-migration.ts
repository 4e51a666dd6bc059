import type { Run } from './ledger';

/**
 * Changes existing rows while people chat, in small batches. Each batch is one transaction together with its progress.
 * It can be killed at any point, paused and continued; no row is changed twice.
 */
export interface DataMigration {
  /** Ends with a timestamp, like that of a migration: its place among them. A migration after it finds it finished. */
  readonly name: string;
  readonly batchSize: number;
  /**
   * Works on the next `limit` rows after `cursor` (null at the beginning), and says where it got to: null when nothing
   * is left. SQL only, by an index, importing nothing.
   */
  step(run: Run, cursor: string | null, limit: number): Promise<{ rows: number; cursor: string | null }>;
}
