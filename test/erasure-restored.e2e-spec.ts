import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupError } from '../src/operations/backups/backup-error';
import type { BackupContext } from '../src/operations/backups/backup-context';
import { createBackup } from '../src/operations/backups/create-backup';
import { drill } from '../src/operations/backups/drill';
import { ErasureJournal } from '../src/features/erasure/erasure-journal';
import { readInstallation } from '../src/operations/backups/installation';
import { restoreBackup } from '../src/operations/backups/restore-backup';
import { verifyBackup } from '../src/operations/backups/verify-backup';
import { backupBench, type BackupBench } from './support/backup-bench';
import { call } from './support/api';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** A backup does not contain the erasures that came after it. */
describe('erasures and backups', () => {
  let bench: BackupBench;
  let database: TestDatabase;
  let server: TestServer | undefined;
  let context: BackupContext;
  let installationId: string;
  let ada: Person;
  let ben: Person;
  let cem: Person;
  let group: string;

  beforeEach(async () => {
    bench = backupBench();
    database = await createTestDatabase();
    context = bench.context(database.url);
    installationId = (await readInstallation(database.url)).id!;
    await serve();
    [ada, ben, cem] = (await signUpAll(server!.url, 3)) as [Person, Person, Person];
    group = await ada.group(ben, cem);
    await ada.send(group, 'Ada says');
    await ben.send(group, 'Ben says');
    await cem.send(group, 'Cem says');
  });
  afterEach(async () => {
    await stop();
    await database.drop();
    bench.remove();
  });

  async function serve(environment: Record<string, string> = {}): Promise<void> {
    server = await startTestServer({
      database,
      environment: {
        BACKUP_DIR: bench.folder,
        AUTH_SECRET: 'a-secret-that-outlives-restarts-0123456789',
        ...environment,
      },
    });
  }
  async function stop(): Promise<void> {
    await server?.close();
    server = undefined;
  }
  const query = <Row extends object>(text: string) =>
    withClient(database.url, async (client) => (await client.query<Row>(text)).rows);
  const unfinished = async () => (await query('select from erasures where finished_at is null')).length;
  const erase = async (person: Person, messages: 'keep' | 'remove'): Promise<void> => {
    const { status } = await person.call('DELETE', '/users/me', { password: PASSWORD, messages });
    expect(status).toBe(202);
  };
  const entryOf = (person: Person) => join(bench.folder, 'erasures', installationId, `${person.id}.json`);
  const erased = async () =>
    (await query<{ id: string }>('select id from users where erased_at is not null order by id')).map(
      ({ id }) => id,
    );
  const messages = () =>
    query<{ sender_id: string | null; body: string | null }>(
      `select sender_id, body from chat_messages where conversation_id = '${group}' order by seq`,
    );
  const both = () => [ada.id, ben.id].sort();

  /** Asserts that both people are erased as they had chosen, and their messages too, before anybody is served. */
  async function expectErased(epoch: number): Promise<void> {
    expect(await erased()).toEqual(both());
    expect(await unfinished()).toBe(0);
    expect(await messages()).toEqual([
      { sender_id: null, body: 'Ada says' },
      { sender_id: null, body: null },
      { sender_id: cem.id, body: 'Cem says' },
    ]);
    expect(await query('select epoch from database_state')).toEqual([{ epoch }]);
    await serve();
    const signIn = await call(server!.url, 'POST', '/api/v1/auth/login', {
      body: { login: ada.username, password: PASSWORD },
    });
    expect(signIn.body.code).toBe('invalid-credentials');
    cem = Object.assign(cem, { url: server!.url });
    const { body } = await cem.call('GET', `/conversations/${group}`);
    expect(body).toMatchObject({ myRole: 'owner', participants: [{ userId: cem.id }] });
  }

  // Tests G28.
  it('a restore of an older backup erases the same users again, under a new epoch', async () => {
    const backup = await createBackup(context);
    await erase(ada, 'keep');
    await erase(ben, 'remove');
    await stop();
    expect(await verifyBackup(context, backup)).toMatchObject({ erasedAgain: 2, findings: [] });
    expect(await drill(context)).toMatchObject({ ok: true, erasedAgain: 2 });
    const restored = await restoreBackup(context, backup, { force: true });
    expect(restored).toMatchObject({ epoch: 2, erasedAgain: 2, findings: [] });
    await expectErased(2);
    // The next backup contains the erasure, so a restore does not repeat it.
    await stop();
    expect(await verifyBackup(context, await createBackup(context))).toMatchObject({ erasedAgain: 0 });
  });

  it('the journal suffices when the database is gone', async () => {
    const backup = await createBackup(context);
    await erase(ada, 'keep');
    await erase(ben, 'remove');
    await stop();
    await database.drop();
    const { name } = database;
    const other = await createTestDatabase({ empty: true });
    [database, context] = [other, bench.context(other.url)];
    expect(name).not.toBe(other.name);
    expect(await restoreBackup(context, backup, {})).toMatchObject({ erasedAgain: 2 });
    await expectErased(2);
  });

  it('the live database suffices when entries of the journal are gone', async () => {
    const backup = await createBackup(context);
    await erase(ada, 'keep');
    await erase(ben, 'remove');
    await stop();
    rmSync(join(bench.folder, 'erasures'), { recursive: true });
    expect(await restoreBackup(context, backup, { force: true })).toMatchObject({ erasedAgain: 2 });
    await expectErased(2);
    // The journal has them again, too.
    await until('the journal', () => [ada, ben].every((person) => existsSync(entryOf(person))));
  });

  it('a backup of an erasure that is under way is finished by its restore', async () => {
    await erase(ada, 'keep');
    await erase(ben, 'remove');
    await until('the end', async () => (await unfinished()) === 0);
    await stop();
    await query(`update erasures set finished_at = null`);
    await query(`update chat_messages set sender_id = '${ada.id}' where body = 'Ada says'`);
    const backup = await createBackup(context);
    expect(await restoreBackup(context, backup, { force: true })).toMatchObject({
      erasedAgain: 0,
      findings: [],
    });
    await expectErased(2);
  });

  it.each<[what: string, spoil: (path: string, folder: string) => void]>([
    ['truncated', (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40))],
    ['empty', (path) => writeFileSync(path, '')],
    ['longer', (path) => appendFileSync(path, 'x')],
    ['edited', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('"keep"', '"remove"'))],
    ['foreign', (_path, folder) => writeFileSync(join(folder, 'notes.txt'), 'mine')],
  ])('a journal with a file that is %s is rejected by name, before any change', async (_what, spoil) => {
    const backup = await createBackup(context);
    await erase(ada, 'keep');
    await stop();
    spoil(entryOf(ada), join(bench.folder, 'erasures'));
    for (const attempt of [
      () => verifyBackup(context, backup),
      () => restoreBackup(context, backup, { force: true }),
    ]) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BackupError);
      expect((failure as Error).message).toMatch(/erasures\/\S+\.(json|txt) is not as it was written/);
    }
    expect(await drill(context)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('not as it was written'),
    });
    expect(await query('select epoch from database_state')).toEqual([{ epoch: 1 }]);
  });

  it('a draft of a killed process is not part of the journal', async () => {
    await erase(ada, 'keep');
    writeFileSync(`${entryOf(ben)}.draft-123`, '{"userId"');
    expect(await new ErasureJournal(bench.folder, installationId).read()).toMatchObject([
      { userId: ada.id, messages: 'keep' },
    ]);
  });

  it('an entry is deleted when every remaining backup was made after the erasure', async () => {
    await erase(ada, 'keep');
    const journal = new ErasureJournal(bench.folder, installationId);
    const day = 24 * 3_600_000;
    // Make the erasure look old.
    await journal.write({ userId: ben.id, messages: 'keep', erasedAt: new Date(Date.now() - 2 * day) });
    await journal.write({ userId: cem.id, messages: 'keep', erasedAt: new Date(Date.now() - day / 2) });
    const ids = async () => (await journal.read()).map(({ userId }) => userId).sort();
    writeFileSync(join(bench.folder, 'xfchat-20200101T000000000Z-aaaaaa.json'), 'a broken one, of long ago');
    await createBackup(context);
    expect(await ids()).toEqual([ada.id, ben.id, cem.id].sort());
    rmSync(join(bench.folder, 'xfchat-20200101T000000000Z-aaaaaa.json'));
    await createBackup(context);
    expect(await ids()).toEqual([ada.id, cem.id].sort());
  });

  it('no account is erased while the journal cannot be written', async () => {
    await stop();
    const file = join(bench.folder, 'a-file');
    writeFileSync(file, '');
    await serve({ BACKUP_DIR: file });
    ada = Object.assign(ada, { url: server!.url });
    const answer = await ada.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily-unavailable' } });
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect(await erased()).toEqual([]);
  });

  it('the next server writes the entries that a killed server did not write', async () => {
    await erase(ada, 'keep');
    await stop();
    // This simulates a kill of the server between the commit and the journal.
    rmSync(entryOf(ada));
    await query('update erasures set journaled_at = null');
    await serve();
    await until('the entry', () => existsSync(entryOf(ada)));
    await until(
      'the row',
      async () => (await query('select from erasures where journaled_at is null')).length === 0,
    );
  });

  it('a damaged journal does not stop a server', async () => {
    await erase(ada, 'keep');
    await until('the end', async () => (await unfinished()) === 0);
    await stop();
    writeFileSync(entryOf(ada), '');
    await query('update erasures set finished_at = null');
    await serve();
    await until('the end', async () => (await unfinished()) === 0);
  });

  it('a server erases users again who returned to the database by other means', async () => {
    await erase(ada, 'remove');
    await until('the end', async () => (await unfinished()) === 0);
    await stop();
    // A restore by another tool would leave the row in this state.
    await query(`update users set erased_at = null, username = '${ada.username}' where id = '${ada.id}'`);
    await query('delete from erasures');
    await query(
      `update chat_messages set sender_id = '${ada.id}', body = 'Ada says', deleted_at = null, version = null, parents = '{}' where seq = 1 and conversation_id = '${group}'`,
    );
    await query('delete from message_versions');
    await serve();
    await until('the erasure', async () => (await erased()).length === 1 && (await unfinished()) === 0);
    expect((await messages())[0]).toEqual({ sender_id: null, body: null });
  });
});
