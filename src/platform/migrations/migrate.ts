import type { QueryRunner } from 'typeorm';
import { foreign } from '../logging/foreign-text';
import type { Configuration } from '../configuration/configuration';
import type { DatabaseSchema } from '../database/database-options';
import { DatabaseUnusableError, MEND_SCHEMA } from '../database/unusable-database';
import { damageOfSchema } from '../database/verify-schema';
import { undoMigration } from './apply-migration';
import { withExclusiveSession } from './exclusive-session';
import { mendIndexes } from './invalid-indexes';
import type { Patience, Progress } from './lock-retries';
import { describeMigration, fileOf, type RecordedMigration } from './recorded-migration';
import type { SchemaVerdict } from './schema-verdict';
import { nameOf, openSteps, takeSteps, type Migrated } from './steps';

const DEFAULT_PATIENCE_MS = 120_000;

/** Runs before the first change to a database that holds data, with the names of the changes. */
export type BeforeMigrating = (pending: readonly string[]) => Promise<void>;

export interface MigrateOptions {
  /** A step of the caller. If it throws, the migration ends before any change. */
  readonly beforeMigrating?: BeforeMigrating;
  readonly progress?: Progress;
  /** How long to retry for the locks of one migration, in milliseconds. */
  readonly patienceMs?: number;
}

/**
 * Migrates the database to the schema of this program. It records migrations from before the ledger, rebuilds
 * incomplete indexes, finishes interrupted migrations, and applies pending ones. It may be repeated.
 * @throws DatabaseUnusableError when the ledger and the program disagree, a lock is not available or a migration
 * fails. Also when the user may not change the schema, or the schema is incomplete afterwards
 */
export async function migrate(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  options: MigrateOptions = {},
): Promise<Migrated> {
  const patience = patienceOf(options);
  return withExclusiveSession(url, configuration, schema, async (exclusive) => {
    const { session, verdict } = exclusive;
    const steps = await openSteps(exclusive, schema);
    if (steps.length > 0 && verdict.applied.length > 0) await options.beforeMigrating?.(steps.map(nameOf));
    const mended = await mendIndexes(session, patience);
    const result: Migrated = { applied: [], mended, dataMigrations: [], waiting: [] };
    await takeSteps(session, steps, patience, result);
    if (result.waiting.length === 0) await refuseDamage(session, schema);
    return result;
  });
}

/**
 * Applies pending migrations, and returns their names.
 * @throws DatabaseUnusableError as `migrate`
 */
export async function migrateUp(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  options: MigrateOptions = {},
): Promise<string[]> {
  return (await migrate(url, configuration, schema, options)).applied;
}

/**
 * Reverts the last migration, or all after `to` (a timestamp, a file or a name; 0 for all). Returns their names.
 * @throws DatabaseUnusableError `migration-irreversible` before anything is done, and as `migrate`
 */
export async function migrateDown(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  { to, ...options }: Omit<MigrateOptions, 'beforeMigrating'> & { to?: string } = {},
): Promise<string[]> {
  const patience = patienceOf(options);
  return withExclusiveSession(url, configuration, schema, async ({ session, known, verdict }) => {
    const undo = toUndo(known, verdict, to);
    for (const recorded of undo) {
      await undoMigration(session, recorded, patience);
      patience.progress(`${describeMigration(recorded.name)}: reverted`);
    }
    return undo.map(({ name }) => name);
  });
}

/** Newest first. */
function toUndo(
  known: readonly RecordedMigration[],
  { applied, halfApplied, newer }: SchemaVerdict,
  to: string | undefined,
): RecordedMigration[] {
  if (newer.length > 0) {
    throw new DatabaseUnusableError(
      'schema-too-new',
      `Newer migrations are applied: ${newer.map(describeMigration).join(', ')}. Revert them with the version of XFChat that applied them.`,
    );
  }
  const done = new Set([...applied, ...halfApplied]);
  const newest = known.filter(({ name }) => done.has(name)).reverse();
  const undo = newest.slice(0, to === undefined ? 1 : indexOf(newest, to));
  const final = undo.find(({ migration }) => migration.irreversible !== undefined);
  if (final) {
    throw new DatabaseUnusableError(
      'migration-irreversible',
      `${describeMigration(final.name)} cannot be reverted: ${final.migration.irreversible}. Nothing was changed. Restore a backup instead.`,
    );
  }
  return undo;
}

function indexOf(newest: readonly RecordedMigration[], to: string): number {
  if (to === '0') return newest.length;
  const index = newest.findIndex(({ name, timestamp }) => [name, fileOf(name), `${timestamp}`].includes(to));
  if (index < 0)
    throw new Error(`No migration "${foreign(to)}" is applied; \`npx xfchat migrate status\` lists them.`);
  return index;
}

const patienceOf = ({
  patienceMs = DEFAULT_PATIENCE_MS,
  progress = () => undefined,
}: MigrateOptions): Patience => ({
  patienceMs,
  progress,
});

/** Checks the complete schema once every migration is applied. */
async function refuseDamage(session: QueryRunner, schema: DatabaseSchema): Promise<void> {
  const damage = await damageOfSchema(session.dataSource, schema);
  if (damage.length === 0) return;
  throw new DatabaseUnusableError(
    'schema-damaged',
    `All migrations are applied, but the schema is not complete: ${damage.join(', ')}. ${MEND_SCHEMA}`,
  );
}
