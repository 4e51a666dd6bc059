// `npm run schema`: writes src/migrations/schema.sql from what the migrations make.
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
