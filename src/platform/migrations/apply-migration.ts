import type { QueryRunner } from 'typeorm';
import { isConnectionLost } from '../database/database-problem';
import type { QueryFailure } from '../database/deadline-client';
import { DatabaseUnusableError } from '../database/unusable-database';
import { dropInvalidIndexes } from './invalid-indexes';
import { strike, writeApplied, writeBegun, writeUndoing } from './ledger';
import { givingWay, type Patience } from './lock-retries';
import { describeMigration, type RecordedMigration } from './recorded-migration';

/**
 * Runs one migration and records it, in one transaction. A migration that cannot run in a transaction is first
 * recorded as begun, and can be repeated.
 * @returns how long it took at the attempt that succeeded, milliseconds
 * @throws DatabaseUnusableError `migration-blocked` or `migration-failed`
 */
export async function applyMigration(
  session: QueryRunner,
  recorded: RecordedMigration,
  patience: Patience,
): Promise<number> {
  const { migration, name } = recorded;
  let started = 0;
  const write = async (): Promise<number> => {
    const durationMs = performance.now() - started;
    await writeApplied(session, recorded, durationMs);
    return durationMs;
  };
  try {
    if (recorded.isTransactional) {
      return await givingWay(session, name, patience, async () => {
        started = performance.now();
        await migration.up(session);
        return write();
      });
    }
    await writeBegun(session, recorded);
    started = performance.now();
    await withoutTransaction(session, patience, () => migration.up(session)).catch(async (error: unknown) => {
      if (!isConnectionLost(error)) await forget(session, name);
      throw error;
    });
    return await givingWay(session, name, patience, write);
  } catch (error) {
    throw failureOf(recorded, error);
  }
}

/**
 * Reverts one migration and deletes its record.
 * @throws DatabaseUnusableError as `applyMigration`
 */
export async function undoMigration(
  session: QueryRunner,
  recorded: RecordedMigration,
  patience: Patience,
): Promise<void> {
  const { migration, name } = recorded;
  try {
    if (recorded.isTransactional) {
      return await givingWay(session, name, patience, async () => {
        await migration.down(session);
        await strike(session, name);
      });
    }
    await writeUndoing(session, name);
    await withoutTransaction(session, patience, () => migration.down(session));
    await givingWay(session, name, patience, () => strike(session, name));
  } catch (error) {
    throw failureOf(recorded, error);
  }
}

/**
 * CONCURRENTLY waits for open transactions without blocking others, so it may wait as long as the operator allows.
 */
async function withoutTransaction<T>(
  session: QueryRunner,
  { patienceMs }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  await session.query(`set lock_timeout = ${patienceMs}`);
  return work();
}

/**
 * Cleans up after a migration that failed by itself, for example on duplicate rows: drops a half-built index and
 * the record.
 */
async function forget(session: QueryRunner, name: string): Promise<void> {
  await dropInvalidIndexes(session);
  await strike(session, name);
}

function failureOf({ name }: RecordedMigration, error: unknown): unknown {
  if (error instanceof DatabaseUnusableError) return error;
  const failure = ((error as { driverError?: QueryFailure }).driverError ?? error) as QueryFailure;
  if (failure.code === '42501') return error; // a missing right is reported as such
  return new DatabaseUnusableError(
    'migration-failed',
    `${describeMigration(name)} failed (${failure.code ?? failure.message}). ${
      isConnectionLost(error)
        ? 'Run `npx xfchat migrate up` again, which finishes it.'
        : 'It was rolled back; earlier migrations stay applied.'
    }`,
    { cause: error },
  );
}
