import { migrateDown, migrateUp, withMigrations } from '../platform/database/migrate';
import { compareSchema } from '../platform/database/schema-check';
import { SCHEMA } from '../schema';
import { print } from './output';
import { withDatabase } from './with-database';

interface Options {
  json?: boolean;
}

export async function migrateUpCommand(options: Options): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const applied = await migrateUp(url, configuration, SCHEMA);
    print(options, applied.length > 0 ? `applied: ${applied.join(', ')}` : 'nothing to do', { applied });
  });
}

export async function migrateDownCommand(options: Options): Promise<void> {
  await withDatabase(async (url, configuration) => {
    await migrateDown(url, configuration, SCHEMA);
    print(options, 'the last migration was taken back', { ok: true });
  });
}

export async function migrateStatusCommand(options: Options): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const verdict = await withMigrations(url, configuration, SCHEMA, compareSchema);
    const text = [
      `pending: ${verdict.pending.join(', ') || 'none'}`,
      `unknown to this version: ${verdict.unknown.join(', ') || 'none'}`,
    ].join('\n');
    print(options, text, verdict);
  });
}
