import type { DatabaseSchema } from '../database/database-options';
import { readLedger, type Run } from './ledger';
import { recordMigrations } from './recorded-migration';
import { judgeSchema, type SchemaVerdict } from './schema-verdict';

/** Reads what was applied, and nothing else. */
export async function compareSchema(run: Run, schema: DatabaseSchema): Promise<SchemaVerdict> {
  return judgeSchema(await recordMigrations(schema.migrations), await readLedger(run));
}
