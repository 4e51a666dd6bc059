import type { DatabaseSchema } from '../database/database-options';
import { readLedger, type Run } from './ledger';
import { recordMigrations } from './recorded-migration';
import { judgeSchema, type SchemaVerdict } from './schema-verdict';

/** Compares the recorded migrations with those of the program. It only reads the ledger. */
export async function compareSchema(run: Run, schema: DatabaseSchema): Promise<SchemaVerdict> {
  return judgeSchema(await recordMigrations(schema.migrations), await readLedger(run));
}
