import 'reflect-metadata';
import { Client } from 'pg';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrate } from '../../src/platform/migrations/migrate';
import { CHANGED_SCHEMA } from '../support/changed-schema';
import { countStatements } from './statements';

/**
 * A process that migrates to the changed schema, to be killed. It prints `at <n>: <statement>` before the statement
 * `STOP_AT`, and stops there.
 */
async function main(): Promise<void> {
  const { DATABASE_URL = '', STOP_AT = '0' } = process.env;
  countStatements(Client, async (number, text) => {
    if (number !== Number(STOP_AT)) return;
    process.stdout.write(`at ${number}: ${text}\n`);
    await new Promise(() => setInterval(() => undefined, 60_000));
  });
  const { applied } = await migrate(DATABASE_URL, loadConfiguration({}), CHANGED_SCHEMA);
  process.stdout.write(`applied ${applied.length}\n`);
}

void main();
