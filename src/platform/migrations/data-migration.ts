import type { Run } from './ledger';

/**
 * Changes existing rows while people chat, in small batches. Each batch is one transaction together with its progress.
 * It can be killed at any point, paused and continued; no row is changed twice.
 */
export interface DataMigration {
  /**
   * Ends with a timestamp like a migration's name, which is its position among them. Later migrations run after it
   * has finished.
   */
  readonly name: string;
  readonly batchSize: number;
  /**
   * Changes the next `limit` rows after `cursor` (null at the beginning). Returns the new cursor, or null when no
   * rows are left. It must only run SQL, use an index and import nothing.
   */
  step(run: Run, cursor: string | null, limit: number): Promise<{ rows: number; cursor: string | null }>;
}
