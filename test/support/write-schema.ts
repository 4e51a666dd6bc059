// `npm run schema`: runs all migrations and writes the resulting schema to src/migrations/schema.sql.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import globalSetup, { stopTestPostgres } from './global-setup';
import { databaseUrl } from './databases';
import { schemaText } from './schema-text';

async function main(): Promise<void> {
  await globalSetup();
  try {
    const text = await schemaText(databaseUrl(process.env.TEST_TEMPLATE!));
    writeFileSync(join(__dirname, '../../src/migrations/schema.sql'), text);
  } finally {
    await stopTestPostgres();
  }
}

void main();
