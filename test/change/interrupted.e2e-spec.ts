import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { verifySchema } from '../../src/platform/database/verify-schema';
import { migrate } from '../../src/platform/migrations/migrate';
import { catalogue } from '../support/catalogue';
import { CHANGED_SCHEMA, COUNT_TOUCHES } from '../support/changed-schema';
import { createTestDatabase, withAdministrator, withClient, type TestDatabase } from '../support/databases';
import { fill } from '../support/filled-database';
import { until } from '../support/until';
import { countStatements } from './statements';

const configuration = loadConfiguration({});
const POINTS = 10;
const MESSAGES = 450;

/** A repeated migration completes one that was interrupted at any point. */
describe('an interrupted migration', () => {
  let filled: TestDatabase;
  let expected: string[];
  /** The number of statements of a whole migration. */
  let statements = 0;
  const points: { number: number; text: string }[] = [];

  beforeAll(async () => {
    filled = await createTestDatabase();
    await fill(filled.url, { conversations: 1, messages: MESSAGES });
    const undisturbed = await createTestDatabase({ template: filled.name });
    const texts: string[] = [];
    const stop = countStatements(Client, async (number, text) => {
      statements = number;
      texts.push(text);
    });
    await migrate(undisturbed.url, configuration, CHANGED_SCHEMA);
    stop();
    expected = await catalogue(undisturbed.url);
    await undisturbed.drop();
    for (let point = 1; point <= POINTS; point++) {
      const number = Math.round((point * statements) / (POINTS + 1));
      points.push({ number, text: texts[number - 1]! });
    }
  }, 120_000);
  afterAll(() => filled.drop());

  async function endsWell(database: TestDatabase): Promise<void> {
    await migrate(database.url, configuration, CHANGED_SCHEMA);
    await verifySchema(database.url, configuration, CHANGED_SCHEMA);
    expect(await catalogue(database.url)).toEqual(expected);
    await withClient(database.url, async (client) => {
      const { rows } = await client.query(
        `select count(*)::integer as messages, max(times) as most,
           (select rows_done::integer from data_migrations where name = $1) as done,
           (select count(*)::integer from migration_ledger where applied_at is not null) as applied,
           (select count(*)::integer from migrations) as names
         from message_touches`,
        [COUNT_TOUCHES.name],
      );
      const migrations = CHANGED_SCHEMA.migrations.length;
      expect(rows).toEqual([
        { messages: MESSAGES, most: 1, done: MESSAGES, applied: migrations, names: migrations },
      ]);
    });
    await database.drop();
  }

  it('can be repeated after its connection was ended at each of ten points', async () => {
    for (const { number } of points) {
      const database = await createTestDatabase({ template: filled.name });
      let ended = 0;
      const stop = countStatements(Client, async (current, _text, backend) => {
        if (current !== number) return;
        await withAdministrator((client) => client.query('select pg_terminate_backend($1)', [backend]));
        ended++;
      });
      await expect(migrate(database.url, configuration, CHANGED_SCHEMA)).rejects.toThrow();
      stop();
      expect(ended).toBe(1);
      await endsWell(database);
    }
  }, 180_000);

  function startMigrator(
    database: TestDatabase,
    stopAt: number,
  ): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, ['-r', '@swc-node/register', join(__dirname, 'migrator.ts')], {
      cwd: join(__dirname, '../..'),
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, STOP_AT: String(stopAt) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    return { child, output: () => output };
  }

  it('can be repeated after kill -9 of its process at each of ten points', async () => {
    const killAt = async (number: number): Promise<void> => {
      const database = await createTestDatabase({ template: filled.name });
      const { child, output } = startMigrator(database, number);
      await until(
        `statement ${number}`,
        () => {
          if (child.exitCode !== null) throw new Error(`it ended by itself: ${output()}`);
          return output().includes(`at ${number}: `);
        },
        120_000,
      );
      child.kill('SIGKILL');
      await until('the process to end', () => child.signalCode);
      await endsWell(database);
    };
    for (let index = 0; index < points.length; index += 2)
      await Promise.all(points.slice(index, index + 2).map(({ number }) => killAt(number)));
  }, 300_000);

  it('can be repeated after kill -9 during the build of an index', async () => {
    const database = await createTestDatabase({ template: filled.name });
    await withClient(database.url, async (reader) => {
      // The half-done build waits for this transaction.
      await reader.query('begin isolation level repeatable read; select count(*) from chat_messages');
      const { child } = startMigrator(database, 0);
      const invalid = (): Promise<unknown[]> =>
        withClient(database.url, async (client) => {
          const { rows } = await client.query(
            `select a.pid from pg_index i, pg_stat_activity a
             where not i.indisvalid and a.datname = current_database() and a.query ilike 'create index concurrently%'`,
          );
          return rows;
        });
      await until('the index to be half built', async () => (await invalid()).length > 0, 120_000);
      child.kill('SIGKILL');
      await until('its backend to notice', async () => (await invalid()).length === 0);
      await expect(verifySchema(database.url, configuration, CHANGED_SCHEMA)).rejects.toMatchObject({
        fault: 'migration-half-applied',
        message: expect.stringContaining('1999000000002-creation-index'),
      });
      await reader.query('rollback');
    });
    const other = await migrate(database.url, configuration, CHANGED_SCHEMA);
    expect(other.mended).toEqual(['chat_messages_created_idx']);
    await endsWell(database);
  }, 180_000);
});
