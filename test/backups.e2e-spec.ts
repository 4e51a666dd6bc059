import { createHash, randomUUID } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupError } from '../src/operations/backups/backup-error';
import type { BackupContext } from '../src/operations/backups/backup-context';
import {
  isWhole,
  listBackups,
  newBackupId,
  prepareFolder,
  publish,
  unfinishedPath,
  writeProof,
  type Backup,
  type Proof,
} from '../src/operations/backups/backup-folder';
import { createBackup } from '../src/operations/backups/create-backup';
import { sealManifest, type Manifest } from '../src/operations/backups/manifest';
import { findBackup } from '../src/operations/backups/find-backup';
import { drill } from '../src/operations/backups/drill';
import { restoreBackup } from '../src/operations/backups/restore-backup';
import { sideDatabasePrefix } from '../src/operations/backups/side-databases';
import { verifyBackup } from '../src/operations/backups/verify-backup';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { SCHEMA } from '../src/schema';
import { databaseUrl, withAdministrator, withClient } from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { runCommand } from './support/xfchat-command';

describe('backups', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-backups-'));
  let server: TestServer;
  let context: BackupContext;
  let ada: Person;
  let ben: Person;
  let group: string;
  let backup: Backup;

  beforeAll(async () => {
    server = await startTestServer();
    context = {
      url: server.database.url,
      isEmbedded: true,
      configuration: loadConfiguration({ BACKUP_DIR: folder }),
      schema: SCHEMA,
      progress: () => undefined,
      warn: () => undefined,
    };
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    group = await ada.group(ben);
    for (const body of ['back\\slash \\. \\N', 'two\nlines\r\ttab', '\\.\n\\.', 'Ünïcode 🎈'])
      await ada.send(group, body);
    const edited = await ben.send(group, 'first');
    await ben.call('PUT', `/conversations/${group}/messages/${edited.id}`, { body: 'second' });
    const request = await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    await ben.call('POST', `/friend-requests/${request.body.id}/accept`);
    backup = await createBackup(context);
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** The databases beside the live one. */
  const databases = (purpose: 'scratch' | 'replaced') =>
    withAdministrator(async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        `select datname from pg_database where starts_with(datname, $1) order by 1`,
        [sideDatabasePrefix(server.database.name, purpose)],
      );
      return rows.map((row) => row.datname);
    });

  it('say what they hold, and only their owner may read them', async () => {
    const counts = await withClient(server.database.url, async (client) => {
      const { rows } = await client.query(
        'select (select count(*) from chat_messages)::integer as messages, (select count(*) from users)::integer as users',
      );
      return rows[0];
    });
    expect(backup.manifest).toMatchObject({
      way: 'portable',
      epoch: 1,
      database: server.database.name,
      migrations: SCHEMA.migrations.map((migration) => new migration().name),
      size: statSync(backup.path).size,
      leftOut: [],
    });
    const rows = Object.fromEntries(backup.manifest.tables.map((table) => [table.name, table.rows]));
    expect(rows).toMatchObject({ chat_messages: counts.messages, users: counts.users, message_versions: 2 });
    expect(Object.keys(backup.manifest.conversations)).toContain(group);
    for (const path of [backup.path, `${backup.base}.json`]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await listBackups(folder)).toEqual([backup]);
  });

  it('are proven by restoring them beside the live database', async () => {
    const before = await listBackups(folder);
    expect(before).toMatchObject([{ proof: undefined }]);
    expect(await verifyBackup(context, backup)).toMatchObject({ findings: [], applied: [] });
    expect(await findBackup(context, 'latest')).toMatchObject({
      proof: { verifiedAt: expect.stringMatching(/Z$/) },
    });
    expect(await databases('scratch')).toEqual([]);
  });

  /** A copy of the backup, damaged by `spoil`. */
  function copy(spoil: (data: string, manifest: string) => void): string {
    const base = join(folder, `copy-${randomUUID()}`);
    copyFileSync(backup.path, `${base}.backup`);
    copyFileSync(`${backup.base}.json`, `${base}.json`);
    spoil(`${base}.backup`, `${base}.json`);
    return `${base}.backup`;
  }
  const edit = (change: () => Partial<Manifest>) => (_data: string, manifest: string) =>
    writeFileSync(manifest, sealManifest({ ...backup.manifest, ...change() }));

  it.each<[what: string, spoil: (data: string, manifest: string) => void, reason: RegExp]>([
    ['truncated', (data) => truncateSync(data, 100), /has 100 bytes instead of \d+/],
    ['longer', (data) => appendFileSync(data, 'x'), /bytes instead of/],
    [
      'changed by a byte',
      (data) => {
        const bytes = readFileSync(data);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(data, bytes);
      },
      /is not what was written/,
    ],
    ['missing', (data) => rmSync(data), /the file is missing/],
    [
      'with an edited manifest',
      (_data, manifest) =>
        writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"epoch": 1', '"epoch": 2')),
      /manifest was edited/,
    ],
    ['with half a manifest', (_data, manifest) => truncateSync(manifest, 100), /manifest is damaged/],
    ['a foreign file', (_data, manifest) => rmSync(manifest), /no backup of XFChat/],
    ['with a foreign manifest', (_data, manifest) => writeFileSync(manifest, '{}'), /not one of XFChat/],
    ['of a format of the future', edit(() => ({ format: 2 as 1 })), /format 2 is not known/],
    [
      'of a newer XFChat',
      edit(() => ({ migrations: ['Future1864000000000'], appVersion: '9.0.0' })),
      /made by XFChat 9\.0\.0, with migrations that this version does not know: Future1864000000000/,
    ],
    [
      'holding other rows',
      edit(() => ({
        tables: backup.manifest.tables.map((table) =>
          table.name === 'users' ? { ...table, rows: 99 } : table,
        ),
      })),
      /users has \d+ rows instead of 99/,
    ],
    [
      'holding another content',
      edit(() => ({ conversations: { [randomUUID()]: 'other' } })),
      /3 conversations have another content/,
    ],
  ])('are rejected by name, and nothing is changed: %s', async (_what, spoil, reason) => {
    const path = copy(spoil);
    const verification = findBackup(context, path).then((found) => verifyBackup(context, found));
    await expect(verification).rejects.toThrow(BackupError);
    await expect(verification).rejects.toThrow(path);
    await expect(verification).rejects.toThrow(reason);
    expect(await databases('scratch')).toEqual([]);
  });

  /** Every row of every table, as text. */
  const everything = (url: string) =>
    withClient(url, async (client) => {
      const content: Record<string, string[]> = {};
      for (const { name } of backup.manifest.tables) {
        const { rows } = await client.query(`select t::text as row from ${name} t order by 1`);
        content[name] = rows.map(({ row }) => row);
      }
      return content;
    });

  it('take the place of the live database only when that is wanted, and then whole, under a new epoch', async () => {
    const options = { reconnection: true, reconnectionDelay: 50 };
    const socket = await ada.connect(options);
    // Handshakes are rejected until the server has a lease on the new database. Socket.IO does not reconnect after that.
    socket.socket.on('connect_error', () => setTimeout(() => socket.socket.connect(), 50));
    const kept = (await createBackup(context)).manifest;
    const before = await everything(server.database.url);
    const late = await ada.send(group, 'after the backup');
    const held = { conversationId: group, seq: late.seq, rev: 0 };
    const newest = await findBackup(context, kept.id);

    await expect(restoreBackup(context, newest, {})).rejects.toThrow(/is not empty.*--confirm/);
    await expect(restoreBackup(context, newest, { confirm: 'other' })).rejects.toThrow(/is not empty/);
    await expect(restoreBackup(context, newest, { confirm: server.database.name })).rejects.toThrow(
      /\d+ connections to the database .* are open/,
    );
    expect((await ada.call('GET', `/conversations/${group}/messages/${late.id}`)).status).toBe(200);

    const restored = await restoreBackup(context, newest, { force: true });
    expect(restored).toMatchObject({ epoch: 2, findings: [], database: server.database.name });
    // Connected clients must restart.
    await socket.next('ready', ({ epoch }) => epoch === 2);
    const [stale] = (await socket.ok('conversation:sync', { epoch: 1, cursors: [held] })).changes;
    expect(stale).toEqual({ conversationId: group, reset: true });
    const query = `seq=${late.seq}&rev=0&epoch=1`;
    expect(await ada.call('GET', `/conversations/${group}/changes?${query}`)).toMatchObject({
      status: 409,
      body: { code: 'cursor-reset' },
    });
    socket.close();

    expect(await everything(server.database.url)).toEqual({
      ...before,
      database_state: [`(t,2,,1,${backup.manifest.installationId})`],
    });
    expect((await ada.call('GET', `/conversations/${group}/messages/${late.id}`)).status).toBe(404);
    expect((await ada.send(group, 'on the restored one')).seq).toBe(late.seq);
    expect(await databases('scratch')).toEqual([]);
    // The replaced database is kept until the next restore.
    expect(await databases('replaced')).toEqual([restored.replaced]);
    const old = await everything(databaseUrl(restored.replaced!));
    expect(old.chat_messages!.join()).toContain('after the backup');
    const closing =
      'update database_state set maintenance_since = now() returning maintenance_since as since';
    const { since } = (await withClient(server.database.url, (client) => client.query(closing))).rows[0];
    const again = await restoreBackup(context, backup, { force: true, discard: true });
    expect(again).toMatchObject({ epoch: 3, replaced: undefined, maintenanceSince: since });
    expect(await databases('replaced')).toEqual([]);
  });

  it('are deleted when they are too old, but not the newest one that is known to restore', async () => {
    const directory = join(folder, 'retention');
    const here: BackupContext = {
      ...context,
      configuration: loadConfiguration({ BACKUP_DIR: directory, BACKUP_RETENTION_DAYS: '10' }),
    };
    const proof: Proof = { verifiedAt: new Date().toISOString(), durationMs: 1, appVersion: '0.1.0' };
    const ofAge = async (days: number, isProven: boolean): Promise<string> => {
      const begunAt = new Date(Date.now() - days * 86_400_000).toISOString();
      const id = newBackupId(begunAt);
      copyFileSync(backup.path, unfinishedPath(directory, id));
      const made = await publish(directory, { ...backup.manifest, id, begunAt });
      if (isProven) await writeProof(made, proof);
      return id;
    };
    const ids = async () => (await listBackups(directory)).filter(isWhole).map(({ manifest }) => manifest.id);

    await prepareFolder(directory);
    await ofAge(40, true);
    const proven = await ofAge(30, true);
    await ofAge(20, false);
    const young = await ofAge(9, false);
    const first = await createBackup(here);
    expect(await ids()).toEqual([first.manifest.id, young, proven]);
    await writeProof(first, proof);
    const second = await createBackup(here);
    expect(await ids()).toEqual([second.manifest.id, first.manifest.id, young]);
    expect(readdirSync(directory).sort()).toEqual(
      [
        ...[first.manifest.id, second.manifest.id, young].flatMap((id) => [`${id}.backup`, `${id}.json`]),
        `${first.manifest.id}.proof.json`,
      ].sort(),
    );
  });

  it('are made by a command that shows no password, and exercised', async () => {
    const url = new URL(server.database.url);
    url.password = 'never-to-be-seen';
    const environment = { DATABASE_URL: url.toString(), BACKUP_DIR: join(folder, 'commands') };
    const made = runCommand(environment, 'backup', 'create', '--portable');
    const { id, path } = made.answer;
    expect(made.answer).toEqual({
      id: expect.stringMatching(/^xfchat-/),
      path: join(folder, 'commands', `${id}.backup`),
      size: statSync(path).size,
      digest: createHash('sha256').update(readFileSync(path)).digest('hex'),
      attachments: { count: 0, bytes: 0, missing: 0 },
    });
    expect(made.status).toBe(0);
    expect(made.stdout + made.stderr).not.toContain('never-to-be-seen');
    const configuration = loadConfiguration(environment);
    expect(await drill({ ...context, configuration })).toEqual({
      ok: true,
      id,
      dataAgeSeconds: expect.any(Number),
      durationMs: expect.any(Number),
      erasedAgain: 0,
    });
    const broken = {
      ...(await findBackup({ ...context, configuration }, 'latest')).manifest,
      contentDigest: '',
    };
    writeFileSync(path.replace('.backup', '.json'), sealManifest({ ...broken, conversations: {} }));
    expect(await drill({ ...context, configuration })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('another content'),
    });
  }, 120_000);
});
