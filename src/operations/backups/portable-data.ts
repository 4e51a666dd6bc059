import { createReadStream } from 'node:fs';
import { pipeline as connect, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { BackupError } from './backup-error';
import { LOCK_TIMEOUT_MS, quoted } from './database-summary';
import { writeDurably, type FileSeal } from '../../platform/durable-files';
import type { BackedUpTable } from './manifest';
import { ScriptReader } from './script-reader';
import { withoutConstraints } from './without-constraints';

/**
 * The portable format: a compressed script of COPY statements with their rows, and the positions of sequences. An operator
 * can also run it with psql on an empty, migrated database. The script streams and is never complete in memory.
 */

/** Sequences of tables that no migration makes do not exist yet when positions are set. */
const SEQUENCE = /^(CREATE SEQUENCE IF NOT EXISTS public\.[^;]+|SELECT pg_catalog\.setval\('[^;]+\));$/;

/** @param snapshot as `pg_export_snapshot()` told it; its transaction has to last until this resolves */
export async function dumpPortable(
  client: Client,
  snapshot: string,
  tables: readonly BackedUpTable[],
  path: string,
  progress: (table: string) => void,
): Promise<FileSeal> {
  await client.query('begin isolation level repeatable read read only');
  await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query(`set transaction snapshot '${snapshot}'`);
  const seal = await writeDurably(path, Readable.from(script(client, tables, progress)), createGzip());
  await client.query('commit');
  return seal;
}

async function* script(
  client: Client,
  tables: readonly BackedUpTable[],
  progress: (table: string) => void,
): AsyncGenerator<Buffer | string> {
  for (const table of tables) {
    progress(table.name);
    const columns = table.columns.map(({ name }) => quoted(name)).join(', ');
    const copy = `COPY public.${quoted(table.name)} (${columns})`;
    yield `${copy} FROM stdin;\n`;
    yield* client.query(copyTo(`${copy} TO stdout`)) as AsyncIterable<Buffer>;
    yield '\\.\n';
  }
  const { rows } = await client.query<{ statement: string }>(`
    select format(E'CREATE SEQUENCE IF NOT EXISTS public.%I;\\nSELECT pg_catalog.setval(%L, %s, true);',
      sequencename, format('public.%I', sequencename), last_value) as statement
    from pg_sequences where schemaname = 'public' and last_value is not null order by sequencename`);
  for (const { statement } of rows) yield `${statement}\n`;
}

/**
 * Loads the data into a database that has been migrated to the schema of the backup, all or nothing.
 * @throws BackupError when the file is not as `dumpPortable` writes it
 */
export async function loadPortable(
  client: Client,
  path: string,
  tables: readonly BackedUpTable[],
  progress: (table: string) => void,
): Promise<void> {
  await client.query('begin');
  await createForeignTables(client, tables);
  await withoutConstraints(client, async () => {
    const names = tables.map(({ name }) => `public.${quoted(name)}`);
    await client.query(`truncate ${names.join(', ')}`);
    const plain = createGunzip();
    // A failure arrives where `plain` is read.
    connect(createReadStream(path), plain, () => undefined);
    const reader = new ScriptReader(plain);
    for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
      const table = /^COPY public\."((?:[^"]|"")+)" \([^;]+\) FROM stdin;$/.exec(line)?.[1];
      if (table !== undefined) {
        progress(table);
        await pipeline(Readable.from(reader.rows()), client.query(copyFrom(line)));
      } else if (SEQUENCE.test(line)) {
        await client.query(line);
      } else {
        throw new BackupError(`${path} is refused: it has a line that no backup has.`);
      }
    }
  });
  await client.query('commit');
}

/** Tables in `public` that no migration makes, such as those of a predecessor: their rows are kept, without rules. */
async function createForeignTables(client: Client, tables: readonly BackedUpTable[]): Promise<void> {
  for (const { name, columns } of tables) {
    const list = columns.map((column) => `${quoted(column.name)} ${column.type}`).join(', ');
    await client.query(`create table if not exists public.${quoted(name)} (${list})`);
  }
}
