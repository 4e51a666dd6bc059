import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseDigest } from './database-digest';
import { createTestDatabase, withClient } from './databases';
import { makeLegacyDatabase, type LegacyOptions } from './legacy-database';
import { SEED } from './random';
import { until } from './until';

const PROGRAM = join(__dirname, '../../dist/cli.js');
/** The number of messages. With their history and the other tables, that makes some 200,000 rows. */
const MESSAGES = 93_000;
const MAX_MEMORY_BYTES = 400 * 1024 * 1024;

interface Run {
  readonly code: number | null;
  readonly answer: string;
  readonly log: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Runs `xfchat legacy …` as a process. When `kill` resolves, the process is killed. */
async function legacy(url: string, words: string[], kill?: () => Promise<boolean>): Promise<Run> {
  const begin = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'legacy', ...words, '--json'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  });
  let [answer, log, peakBytes] = ['', '', 0];
  child.stdout.on('data', (data: Buffer) => (answer += data.toString()));
  child.stderr.on('data', (data: Buffer) => (log += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await until(
    `the end of legacy ${words[0]}`,
    async () => {
      if (hasEnded()) return true;
      peakBytes = Math.max(peakBytes, peakOf(child.pid!));
      if (kill && (await kill())) child.kill('SIGKILL');
      return false;
    },
    900_000,
  );
  const code = await ended;
  return { code, answer, log, seconds: (performance.now() - begin) / 1000, peakBytes };
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // the process has just ended, or this system is not Linux
  }
}

/**
 * Imports some 200,000 dirty rows as an operator would. The import is killed half-way twice and repeated; then the result is
 * compared, and the import is undone.
 */
export async function importAtSize(
  place: 'schema' | 'url',
  shape: Pick<LegacyOptions, 'shape' | 'uniqueVersions'>,
): Promise<void> {
  const database = await createTestDatabase();
  const other = place === 'url' ? await createTestDatabase({ empty: true }) : database;
  const schema = place === 'url' ? 'public' : 'legacy';
  const from = place === 'url' ? ['--source-url', other.url] : ['--schema', schema];
  const options = { seed: SEED, messages: MESSAGES, users: 2_000, schema, ...shape };
  await withClient(other.url, (client) => makeLegacyDatabase(client, options));
  await withClient(database.url, (client) =>
    client.query(`
      insert into users (id, username, password_hash, display_name) values (gen_random_uuid(), 'person9', '-', 'the owner');
      insert into conversations (id, type, title, created_by, last_seq) select gen_random_uuid(), 'group', 'before', id, 1 from users;
      insert into conversation_participants (conversation_id, user_id, role) select id, created_by, 'owner' from conversations;
      insert into chat_messages (id, conversation_id, seq, sender_id, body) select gen_random_uuid(), id, 1, created_by, 'hello' from conversations`),
  );
  const target = () => withClient(database.url, (client) => databaseDigest(client));
  const source = () => withClient(other.url, (client) => databaseDigest(client, schema));
  const [before, old] = [await target(), await source()];
  const rows = Object.values(old).reduce((sum, digest) => sum + Number(digest.split(' ')[0]), 0);
  expect(rows).toBeGreaterThanOrEqual(200_000);

  const done = (step: string) => async (): Promise<boolean> =>
    withClient(database.url, async (client) => {
      const { rows: found } = await client.query(`select from legacy_steps where step = $1 and done >= $2`, [
        step,
        MESSAGES / 2,
      ]);
      return found.length > 0;
    });
  const words = ['import', ...from, '--owner', 'person9', '--title', 'The old room'];
  const runs = [
    await legacy(database.url, words, done('read messages')),
    await legacy(database.url, words, done('messages')),
    await legacy(database.url, words),
  ];
  expect(runs.map(({ code }) => code)).toEqual([null, null, 0]);
  const report = JSON.parse(runs[2]!.answer);
  for (const { table, source: count, imported, quarantined } of report.tables) {
    expect(`${table} ${imported + quarantined}`).toBe(`${table} ${count}`);
    expect(`${table} ${count}`).toBe(`${table} ${old[table]!.split(' ')[0]}`);
  }

  const imported = await target();
  expect((await legacy(database.url, words)).code).toBe(0);
  expect(await target()).toEqual(imported);

  const verification = await legacy(database.url, ['verify', ...from]);
  expect(JSON.parse(verification.answer)).toMatchObject({ ok: true, source: rows, differences: [] });
  expect(verification.code).toBe(0);

  const rollback = await legacy(database.url, ['rollback', ...from]);
  expect(rollback.code).toBe(0);
  expect(await target()).toEqual(before);
  expect(await source()).toEqual(old);

  const seconds = (total: Run[]): string => total.reduce((sum, run) => sum + run.seconds, 0).toFixed(1);
  const peakBytes = Math.max(...[...runs, verification, rollback].map((run) => run.peakBytes));
  process.stdout.write(
    `shape ${shape.shape} from another ${place === 'url' ? 'database' : 'schema'}, seed ${SEED}: ${rows} rows imported in ` +
      `${seconds(runs)} s (killed twice), verified in ${seconds([verification])} s, taken back in ${seconds([rollback])} s, ` +
      `peak memory ${Math.round(peakBytes / 1024 / 1024)} MB\n`,
  );
  expect(peakBytes).toBeLessThan(MAX_MEMORY_BYTES);
  await database.drop();
  if (other !== database) await other.drop();
}
