// `npm run schema`: runs all migrations and writes the resulting schema to src/migrations/schema.sql and schema-shape.json.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import globalSetup, { stopTestPostgres } from './global-setup';
import { databaseUrl } from './databases';
import { schemaShapeText, schemaText } from './schema-text';

async function main(): Promise<void> {
  await globalSetup();
  try {
    const url = databaseUrl(process.env.TEST_TEMPLATE!);
    const write = (name: string, text: string): void =>
      writeFileSync(join(__dirname, '../../src/migrations', name), text);
    write('schema.sql', await schemaText(url));
    write('schema-shape.json', await schemaShapeText(url));
  } finally {
    await stopTestPostgres();
  }
}

void main();
