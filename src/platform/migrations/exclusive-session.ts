import type { QueryRunner } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import type { DatabaseSchema } from '../database/database-options';
import { refuseOldTables } from '../database/old-tables';
import { DatabaseUnusableError } from '../database/unusable-database';
import { adopt, makeLedger, readLedger } from './ledger';
import { recordMigrations, type RecordedMigration } from './recorded-migration';
import { judgeSchema, unusableSchema, type SchemaVerdict } from './schema-verdict';
import { holdingMigrationLock, withDirectSession } from './session';

const INSUFFICIENT_PRIVILEGE = '42501';

export interface ExclusiveSession {
  readonly session: QueryRunner;
  /** The migrations of the program, oldest first. */
  readonly known: readonly RecordedMigration[];
  /** The verdict on the ledger, which allows changes. */
  readonly verdict: SchemaVerdict;
}

/**
 * Runs `work` while no other process can change the schema, if the ledger agrees with the program.
 * @throws DatabaseUnusableError when the two disagree or there are old tables (then nothing is touched), or the
 * user may not change the schema
 */
export async function withExclusiveSession<T>(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  work: (exclusive: ExclusiveSession) => Promise<T>,
): Promise<T> {
  const known = await recordMigrations(schema.migrations);
  return withDirectSession(url, configuration, schema, (session) =>
    holdingMigrationLock(session, async () => work({ session, known, verdict: await judge(session, known) })),
  ).catch((error: unknown) => {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new DatabaseUnusableError(
      'right-missing',
      'The user of DATABASE_URL (or DIRECT_DATABASE_URL) may not change the schema. Grant the privilege to create in "public", or run `npx xfchat migrate up` as a user who has it.',
      { cause: error },
    );
  });
}

async function judge(session: QueryRunner, known: readonly RecordedMigration[]): Promise<SchemaVerdict> {
  await refuseOldTables((sql, values) => session.query(sql, values) as Promise<unknown[]>);
  const ledger = await readLedger(session);
  const verdict = judgeSchema(known, ledger);
  const refusal = unusableSchema(verdict);
  if (refusal) throw refusal;
  await makeLedger(session);
  const unwritten = new Set(ledger.filter(({ checksum }) => checksum === undefined).map(({ name }) => name));
  await adopt(
    session,
    known.filter(({ name }) => unwritten.has(name)),
  );
  return verdict;
}
