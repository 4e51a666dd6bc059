import fs, {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { AttachmentCollector } from '../src/features/attachments/attachment-collector';
import { LocalAttachmentStore } from '../src/features/attachments/local-attachment-store';
import { backUpBeforeMigrating } from '../src/operations/backups/back-up-before-migrating';
import type { BackupContext } from '../src/operations/backups/backup-context';
import { AttachmentArchive } from '../src/operations/backups/attachment-archive';
import { listBackups, type Backup } from '../src/operations/backups/backup-folder';
import { createBackup } from '../src/operations/backups/create-backup';
import { drill } from '../src/operations/backups/drill';
import { findBackup } from '../src/operations/backups/find-backup';
import { openManifest, sealManifest } from '../src/operations/backups/manifest';
import { restoreOnlyFiles } from '../src/operations/backups/restore-attachments';
import { restoreBackup } from '../src/operations/backups/restore-backup';
import { verifyBackup } from '../src/operations/backups/verify-backup';
import { checkAttachmentFiles } from '../src/operations/integrity/attachment-files';
import { migrationOptions } from '../src/platform/database/database-options';
import { SCHEMA } from '../src/schema';
import { download, PIXEL, uploaded } from './support/attachments';
import { backupBench, type BackupBench } from './support/backup-bench';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';
import { commandOf } from './support/xfchat-command';

// Each restore proves the whole backup.
jest.setTimeout(240_000);

const TEXT = 'the second file';
const NOBODY = '01900000-0000-7000-8000-000000000000';

describe('attachment files and their backups', () => {
  let bench: BackupBench;
  let database: TestDatabase;
  let files: string;
  let environment: Record<string, string>;
  let server: TestServer | undefined;
  let context: BackupContext;
  let ada: Person;
  let ben: Person;
  let group: string;
  let picture: string;
  let text: string;

  beforeEach(async () => {
    bench = backupBench();
    files = mkdtempSync(join(tmpdir(), 'xfchat-attachments-'));
    environment = {
      BACKUP_DIR: bench.folder,
      ATTACHMENTS_DIR: files,
      AUTH_SECRET: 'a-secret-that-outlives-restarts-0123456789',
    };
    database = await createTestDatabase();
    context = bench.context(database.url, { environment });
    await serve();
    [ada, ben] = (await signUpAll(server!.url, 2)) as [Person, Person];
    group = await ada.group(ben);
    picture = await sent(ada);
    text = await sent(ben, TEXT);
  });
  afterEach(async () => {
    await stop();
    await database.drop();
    bench.remove();
    rmSync(files, { recursive: true, force: true });
  });

  async function serve(): Promise<void> {
    server = await startTestServer({ database, environment });
    for (const person of [ada, ben]) if (person) Object.assign(person, { url: server.url });
  }
  async function stop(): Promise<void> {
    await server?.close();
    server = undefined;
  }
  /** @returns the id of an attachment that a message carries */
  async function sent(person: Person, content: string | Buffer = PIXEL): Promise<string> {
    const { id } = await uploaded(person, { content });
    await person.send(group, 'look', { attachmentIds: [id] });
    return id;
  }
  const collect = (): Promise<void> => server!.application.get(AttachmentCollector).collect();
  const query = <Row extends object>(words: string) =>
    withClient(database.url, async (client) => (await client.query<Row>(words)).rows);
  const live = (id: string): string => join(files, id.slice(-2), id);
  const archive = ({ manifest }: Backup): string =>
    join(bench.folder, 'attachments', manifest.installationId!);
  const kept = (backup: Backup, id: string): string => join(archive(backup), id.slice(-2), id);
  const list = (backup: Backup): string => join(archive(backup), 'lists', backup.manifest.id);
  const command = (...words: string[]) => commandOf({ ...environment, DATABASE_URL: database.url }, ...words);
  const bytesOf = async (person: Person, id: string): Promise<Buffer> => {
    const answer = await fetch(`${server!.url}/api/v1/attachments/${id}`, {
      headers: { authorization: `Bearer ${person.accessToken}` },
    });
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  };
  async function check(deep = false) {
    const dataSource = await new DataSource(
      migrationOptions(database.url, context.configuration, SCHEMA),
    ).initialize();
    const store = new LocalAttachmentStore(context.configuration);
    return checkAttachmentFiles(dataSource, store, { deep }).finally(() => dataSource.destroy());
  }

  // Tests G1.
  it('are restored byte for byte on an empty machine', async () => {
    const made = await command('backup', 'create');
    const { id } = made.answer;
    expect(made).toMatchObject({
      status: 0,
      answer: { attachments: { count: 2, bytes: PIXEL.length + TEXT.length, missing: 0 } },
    });
    expect(Object.keys(made.answer)).toEqual(expect.arrayContaining(['id', 'path', 'size', 'digest']));
    expect((await command('backup', 'list')).answer.backups).toMatchObject([
      { id, attachments: { count: 2, bytes: PIXEL.length + TEXT.length, missing: 0 } },
    ]);
    await stop();
    await database.drop();
    rmSync(files, { recursive: true });

    database = await createTestDatabase({ empty: true });
    const restored = await command('backup', 'restore', 'latest');
    expect(restored).toMatchObject({
      status: 0,
      answer: { ok: true, attachments: { count: 2, restored: 2, missing: 0 } },
    });
    await serve();
    expect(await bytesOf(ben, picture)).toEqual(PIXEL);
    expect(await bytesOf(ada, text)).toEqual(Buffer.from(TEXT));
    expect(statSync(live(picture)).mode & 0o777).toBe(0o600);
    expect(await command('check', '--deep')).toMatchObject({ status: 0, answer: { ok: true, findings: [] } });
  });

  it('are copied once for all backups, with a digest of their list', async () => {
    const looking = jest.spyOn(AttachmentArchive.prototype, 'has');
    const first = await createBackup(context);
    // Each file is looked for once, where there is room for all.
    expect(looking).toHaveBeenCalledTimes(2);
    looking.mockRestore();
    expect(first.manifest.attachments).toMatchObject({ count: 2, missing: 0 });
    const { ino } = statSync(kept(first, picture));
    await uploaded(ada); // no message has it yet
    const second = await createBackup(context);
    expect(second.manifest.attachments).toMatchObject({ count: 3, missing: 0 });
    expect(statSync(kept(second, picture)).ino).toBe(ino);
    // The backup has a copy and not a link, so that damage to the server's file does not reach it.
    expect(statSync(live(picture)).nlink).toBe(1);
    expect(await verifyBackup(context, first)).toMatchObject({ attachments: { count: 2, missing: 0 } });
  });

  it.each<[string, (path: string) => void, object]>([
    ['missing', (path) => rmSync(path), { missing: 1, damaged: 0 }],
    ['cut short', (path) => truncateSync(path, 5), { missing: 0, damaged: 1 }],
    [
      'changed by a bit',
      (path) => {
        const bytes = readFileSync(path);
        bytes[3]! ^= 1;
        writeFileSync(path, bytes);
      },
      { missing: 0, damaged: 1 },
    ],
  ])('are found by verify and drill when one is %s', async (_what, spoil, numbers) => {
    const backup = await createBackup(context);
    spoil(kept(backup, text));
    const verified = await command('backup', 'verify', 'latest');
    expect(verified).toMatchObject({
      status: 1,
      answer: {
        ok: false,
        attachments: { count: 2, ...numbers },
        findings: [{ kind: expect.stringMatching(/^attachment-(missing|damaged)$/), where: text }],
      },
    });
    const drilled = await command('drill');
    expect(drilled).toMatchObject({
      status: 1,
      answer: { ok: false, attachments: numbers, reason: expect.stringContaining(text) },
    });
    expect((await command('backup', 'list')).answer.backups).toMatchObject([{ verifiedAt: null }]);
  });

  it('fail a backup that cannot copy them, with an error, and complete the next one', async () => {
    const elsewhere = { ...environment, DATABASE_URL: database.url, ATTACHMENTS_DIR: `${files}-elsewhere` };
    const made = await commandOf(elsewhere, 'backup', 'create');
    expect(made).toMatchObject({ status: 1, answer: { attachments: { count: 2, missing: 2 } } });
    expect(made.stderr).toMatch(/2 of 2 files of attachments are NOT in the backup.*-elsewhere.*mounted/);
    expect(await drill(context)).toMatchObject({ ok: false, attachments: { missing: 2 } });

    // Backups share their files, so the first one is complete as well.
    expect((await createBackup(context)).manifest.attachments).toMatchObject({ missing: 0 });
    expect((await command('backup', 'verify', made.answer.id)).answer).toMatchObject({ ok: true });
  });

  it('are named when one is lost or damaged before its backup', async () => {
    rmSync(live(picture));
    appendFileSync(live(text), 'x');
    const made = await command('backup', 'create');
    expect(made).toMatchObject({ status: 1, answer: { attachments: { count: 2, missing: 2 } } });
    const third = await sent(ada, 'whole');
    const again = await command('backup', 'create');
    expect(again).toMatchObject({ status: 1, answer: { attachments: { count: 3, missing: 2 } } });
    expect(again.stderr).toContain('xfchat check');
    expect(existsSync(kept(await latest(), third))).toBe(true);
    expect(readdirSync(join(archive(await latest()), text.slice(-2)))).toEqual(
      text.slice(-2) === third.slice(-2) ? [third] : [],
    );
  });

  it('that cannot be read are counted one by one, and keep no other file from a backup or a restore', async () => {
    const third = await sent(ada, 'whole');
    loop(live(picture));
    const brokenDisk = breakReadsOf(LocalAttachmentStore.prototype, text);
    const partial = await createBackup(context).finally(brokenDisk);
    expect(partial.manifest.attachments).toMatchObject({ count: 3, missing: 2 });
    expect(bench.warnings.join()).toMatch(/2 of 3 files.*which cannot be read \((ELOOP|EIO)\)/);
    expect(existsSync(kept(partial, third))).toBe(true);

    rmSync(live(picture));
    writeFileSync(live(picture), PIXEL);
    const backup = await createBackup(context);
    expect(backup.manifest.attachments).toMatchObject({ count: 3, missing: 0 });
    for (const id of [picture, text, third]) rmSync(live(id));
    loop(kept(backup, picture));
    const brokenArchive = breakReadsOf(AttachmentArchive.prototype, text);
    try {
      const { attachments } = await verifyBackup(context, backup);
      expect(attachments).toMatchObject({ count: 3, missing: 0, damaged: 2 });
      expect(attachments!.findings.map(({ kind, where }) => [kind, where])).toEqual(
        [picture, text].sort().map((id) => ['attachment-unreadable', id]),
      );
      await stop();
      const restored = await restoreBackup(context, backup, { force: true });
      expect(restored.attachments).toMatchObject({ count: 3, restored: 1, missing: 2 });
    } finally {
      brokenArchive();
    }
    expect(readFileSync(live(third), 'utf8')).toBe('whole');

    // A file of the servers that cannot be looked at is left alone.
    loop(live(picture));
    rmSync(kept(backup, picture));
    const again = await command('backup', 'restore', backup.manifest.id, '--only-files');
    expect(again).toMatchObject({
      status: 1,
      answer: { attachments: { count: 3, restored: 1, missing: 1, examples: [picture] } },
    });
    expect(readFileSync(live(text), 'utf8')).toBe(TEXT);
  });
  /** Puts a file there that nobody can look at. */
  const loop = (path: string): void => {
    rmSync(path, { force: true });
    symlinkSync(path, path);
  };
  /** Reading the file fails after some bytes, as on a broken disk. @returns how to end that */
  const breakReadsOf = (holder: { read(id: string): Promise<Readable> }, id: string): (() => void) => {
    const { read } = holder;
    holder.read = async function (this: typeof holder, ...what) {
      if (what[0] !== id) return read.apply(this, what);
      return Readable.from(
        (function* () {
          yield Buffer.from('the');
          throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
        })(),
        { objectMode: false },
      );
    };
    return () => void (holder.read = read);
  };
  const latest = (): Promise<Backup> => findBackup(context, 'latest');

  it('are restored where they are missing, and nothing else is changed', async () => {
    const backup = await createBackup(context);
    const later = await sent(ada, 'after the backup');
    rmSync(live(picture));
    writeFileSync(live(text), 'put there by the operator');
    await stop();
    const restored = await command('backup', 'restore', 'latest', '--confirm', database.name);
    expect(restored).toMatchObject({
      status: 1,
      answer: { ok: false, attachments: { count: 2, restored: 1, missing: 1, examples: [text] } },
    });
    expect(restored.stderr).toContain(`${backup.manifest.id} --only-files`);
    expect(readFileSync(live(picture))).toEqual(PIXEL);
    expect(readFileSync(live(text), 'utf8')).toBe('put there by the operator');
    expect(readFileSync(live(later), 'utf8')).toBe('after the backup');

    rmSync(live(text));
    const repaired = await command('backup', 'restore', backup.manifest.id, '--only-files');
    expect(repaired).toMatchObject({ status: 0, answer: { ok: true, attachments: { restored: 1 } } });
    expect(readFileSync(live(text), 'utf8')).toBe(TEXT);
    expect(await query('select epoch from database_state')).toEqual([{ epoch: 2 }]);
  });

  it('are not restored from a damaged copy', async () => {
    const backup = await createBackup(context);
    const bytes = readFileSync(kept(backup, text));
    bytes[0]! ^= 1;
    writeFileSync(kept(backup, text), bytes);
    rmSync(live(text));
    await stop();
    const restored = await restoreBackup(context, backup, { force: true });
    expect(restored.attachments).toEqual({ count: 2, restored: 0, missing: 1, examples: [text] });
    expect(existsSync(live(text))).toBe(false);
    expect(readdirSync(join(files, 'uploads'))).toEqual([]);
  });

  // Tests G28.
  it('of users who were erased since are not restored from any place', async () => {
    const backup = await createBackup(context);
    const later = await sent(ben, 'after the backup');
    const unsent = await uploaded(ben);
    expect((await ben.call('DELETE', '/users/me', { password: PASSWORD, messages: 'remove' })).status).toBe(
      202,
    );
    await until(
      'the end of the erasure',
      async () => (await query('select from erasures where finished_at is null')).length === 0,
    );
    await stop();
    // The collector has not processed the later ones, and only the backup has the first one.
    rmSync(live(text));
    const restored = await restoreBackup(context, backup, { force: true });
    expect(restored.attachments).toMatchObject({ count: 1, missing: 0 });
    expect([text, later, unsent.id].map((id) => existsSync(live(id)))).toEqual([false, false, false]);
    await serve();
    await collect();
    expect(await query(`select id from attachments order by id`)).toEqual([{ id: picture }]);
    expect(await bytesOf(ada, picture)).toEqual(PIXEL);
    expect(await check(true)).toEqual([]);
  });

  it('are kept until a backup has them, whatever people delete meanwhile', async () => {
    const { body } = await ada.call('GET', `/conversations/${group}/messages`);
    const deleteAll = async (): Promise<void> => {
      for (const [index, { id }] of body.items.entries())
        await [ada, ben][index]!.call('DELETE', `/conversations/${group}/messages/${id}`);
      await collect();
    };
    // This happens between the snapshot and the copies.
    let deletion: Promise<void> | undefined;
    const { read } = LocalAttachmentStore.prototype;
    const reading = jest.spyOn(LocalAttachmentStore.prototype, 'read').mockImplementation(async function (
      this: LocalAttachmentStore,
      id,
      range,
    ) {
      await (deletion ??= deleteAll());
      return read.call(this, id, range);
    });
    const backup = await createBackup(context).finally(() => reading.mockRestore());
    expect(deletion).toBeDefined();
    expect(backup.manifest.attachments).toMatchObject({ count: 2, missing: 0 });
    await collect();
    expect([picture, text].map((id) => existsSync(live(id)))).toEqual([false, false]);
    await stop();
    expect(await restoreBackup(context, backup, { force: true })).toMatchObject({
      attachments: { count: 2, restored: 2, missing: 0 },
    });
    await serve();
    expect(await bytesOf(ben, picture)).toEqual(PIXEL);
  });

  it('are in no backup whose lock on them was lost', async () => {
    let ended = 0;
    const { read } = LocalAttachmentStore.prototype;
    const reading = jest.spyOn(LocalAttachmentStore.prototype, 'read').mockImplementation(async function (
      this: LocalAttachmentStore,
      id,
    ) {
      const sessions = await query(
        `select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and mode = 'ShareLock' and pid in
           (select pid from pg_stat_activity where datname = current_database() and application_name = 'xfchat-backup')`,
      );
      ended += sessions.length;
      return read.call(this, id);
    });
    const made = createBackup(context).finally(() => reading.mockRestore());
    await expect(made).rejects.toThrow('ended the session that kept the files');
    expect(ended).toBe(1);
    expect(await listBackups(bench.folder)).toEqual([]);
  });

  it('are in a backup that is made, although the database cannot be reached afterwards', async () => {
    const isMade = (): boolean => readdirSync(bench.folder).some((name) => name.endsWith('.json'));
    const unreachable = 'postgresql://xfchat@127.0.0.1:1/xfchat';
    const cut = {
      ...context,
      get url() {
        return isMade() ? unreachable : database.url;
      },
    };
    const { manifest } = await createBackup(cut);
    expect(bench.warnings).toEqual([expect.stringContaining(`${manifest.id} is made. Older backups`)]);
    expect(await latest()).toMatchObject({ manifest: { id: manifest.id } });
  });

  it('are left alone by the collector while a restore copies them', async () => {
    const backup = await createBackup(context);
    rmSync(live(picture));
    const { body } = await ada.call('GET', `/conversations/${group}/messages`);
    const { read } = AttachmentArchive.prototype;
    const reading = jest.spyOn(AttachmentArchive.prototype, 'read').mockImplementation(async function (
      this: AttachmentArchive,
      id,
    ) {
      await ada.call('DELETE', `/conversations/${group}/messages/${body.items[0].id}`);
      await collect();
      return read.call(this, id);
    });
    await restoreOnlyFiles(context, backup).finally(() => reading.mockRestore());
    // Its row is there as long as its file is, so the next run finds both.
    expect(existsSync(live(picture))).toBe(true);
    await collect();
    expect(existsSync(live(picture))).toBe(false);
    expect(await query(`select from attachments where id = '${picture}'`)).toEqual([]);
  });

  it('are left alone by the collector after a restore has found them in place', async () => {
    const later = await uploaded(ada);
    const message = await ada.send(group, 'look', { attachmentIds: [later.id] });
    const backup = await createBackup(context);
    const last = await ada.send(group, 'look', { attachmentIds: [(await uploaded(ada)).id] });
    for (const { id } of [message, last]) await ada.call('DELETE', `/conversations/${group}/messages/${id}`);
    // The restore removes the file of the last one, after it has looked for all files.
    const { remove } = LocalAttachmentStore.prototype;
    let collecting = 0;
    const removing = jest.spyOn(LocalAttachmentStore.prototype, 'remove').mockImplementation(async function (
      this: LocalAttachmentStore,
      id,
    ) {
      if (collecting++ === 0) await collect();
      return remove.call(this, id);
    });
    const restored = await restoreBackup(context, backup, { force: true }).finally(() =>
      removing.mockRestore(),
    );
    expect(collecting).toBe(1);
    expect(restored.attachments).toEqual({ count: 3, restored: 0, missing: 0, examples: [] });
    expect(existsSync(live(later.id))).toBe(true);
  });

  it('are removed from the archive once no backup references them', async () => {
    const old = await createBackup(context);
    const { body } = await ada.call('GET', `/conversations/${group}/messages`);
    await ada.call('DELETE', `/conversations/${group}/messages/${body.items[0].id}`);
    await collect();
    expect(existsSync(live(picture))).toBe(false);
    const newer = await createBackup(context);
    expect(newer.manifest.attachments).toMatchObject({ count: 1 });
    expect(existsSync(kept(old, picture))).toBe(true);

    // Make it look old, with an interrupted removal and an interrupted copy.
    rmSync(`${old.base}.json`);
    writeFileSync(`${kept(old, text)}.draft-1`, 'half');
    writeFileSync(join(archive(old), 'notes.txt'), 'mine');
    const opening = jest.spyOn(fs, 'createReadStream');
    await createBackup(context);
    // However many lists there are, each is read once.
    expect(opening.mock.calls.filter(([path]) => path === list(newer))).toHaveLength(1);
    opening.mockRestore();
    expect(existsSync(kept(old, picture))).toBe(false);
    expect(existsSync(list(old))).toBe(false);
    expect(readdirSync(join(archive(old), text.slice(-2)))).toEqual([text]);
    expect(existsSync(join(archive(old), 'notes.txt'))).toBe(true);
    expect(await verifyBackup(context, newer)).toMatchObject({ attachments: { missing: 0 } });
  });

  it('are kept in the archive while the references of the backups are unknown', async () => {
    const old = await createBackup(context);
    rmSync(list(old));
    await query(`update attachments set message_id = null, uploader_id = null where id = '${picture}'`);
    await createBackup(context);
    expect(existsSync(kept(old, picture))).toBe(true);
    expect(bench.warnings.join()).toContain('No files of attachments were removed');
    bench.warnings.length = 0;
    writeFileSync(list(old), `${'0'.repeat(64)} 1 ${NOBODY}\n`);
    await createBackup(context);
    expect(existsSync(kept(old, picture))).toBe(true);
    expect(bench.warnings.join()).toContain('is not as it was written, so it is not known which files');
    rmSync(list(old));
    expect((await command('backup', 'verify', old.manifest.id)).stderr).toContain('is missing, the list');
  });

  it('are kept in the archive while another process makes a backup', async () => {
    const old = await createBackup(context);
    await query(`update attachments set message_id = null, uploader_id = null where id = '${picture}'`);
    rmSync(`${old.base}.json`);
    await withClient(database.url, async (client) => {
      await client.query(`select pg_advisory_lock_shared(hashtextextended('files of attachments', 0))`);
      await createBackup(context);
      expect(existsSync(kept(old, picture))).toBe(true);
    });
    await createBackup(context);
    expect(existsSync(kept(old, picture))).toBe(false);
  });

  it('are reported as missing by the restore of an earlier release’s backup, which succeeds', async () => {
    const { base } = await createBackup(context);
    const { attachments: _, ...manifest } = openManifest(readFileSync(`${base}.json`, 'utf8'));
    writeFileSync(`${base}.json`, sealManifest(manifest));
    rmSync(join(bench.folder, 'attachments'), { recursive: true });
    expect((await command('backup', 'list')).answer.backups).toMatchObject([{ attachments: null }]);
    expect(await drill(context)).toMatchObject({ ok: false, attachments: { count: 2, missing: 2 } });
    await stop();
    const complete = await command('backup', 'restore', 'latest', '--force');
    expect(complete).toMatchObject({ status: 0, answer: { attachments: { count: 2, missing: 0 } } });
    rmSync(live(picture));
    const restored = await command('backup', 'restore', 'latest', '--force');
    expect(restored).toMatchObject({ status: 1, answer: { attachments: { restored: 0, missing: 1 } } });
    expect(restored.stderr).toContain('made before backups stored files');
    await serve();
    expect((await download(ada, picture)).status).toBe(500);
    expect(await bytesOf(ada, text)).toEqual(Buffer.from(TEXT));
  });

  it('are listed and not copied by the backup before a migration', async () => {
    const said: string[] = [];
    await backUpBeforeMigrating(context, (message) => void said.push(message))([]);
    expect(said).toEqual([expect.stringContaining('without the files of attachments')]);
    const backup = await latest();
    expect(backup).toMatchObject({
      manifest: { attachments: { count: 2, missing: 0, isListOnly: true } },
      proof: undefined,
    });
    expect(existsSync(kept(backup, picture))).toBe(false);
    expect(await drill(context)).toMatchObject({
      ok: true,
      attachments: { count: 2, missing: 0, notCopied: 2 },
    });
    expect(await latest()).toMatchObject({ proof: undefined });

    // A backup that copies files completes it.
    await createBackup(context);
    expect((await verifyBackup(context, backup)).attachments).not.toHaveProperty('notCopied');
    expect((await findBackup(context, backup.manifest.id)).proof).toBeDefined();
    await stop();
    rmSync(live(text));
    expect(await restoreBackup(context, backup, { force: true })).toMatchObject({
      attachments: { count: 2, restored: 1, missing: 0 },
    });
  });

  it('are compared with the data that a backup restores', async () => {
    const { base } = await createBackup(context);
    const manifest = openManifest(readFileSync(`${base}.json`, 'utf8'));
    const attachments = { ...manifest.attachments!, count: 1, listSha256: 'f'.repeat(64) };
    writeFileSync(`${base}.json`, sealManifest({ ...manifest, attachments }));
    expect(await drill(context)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('2 attachments are named by the data instead of the 1 in the list'),
    });
  });

  it('are verified by the integrity check', async () => {
    const third = await sent(ada, 'third');
    const unclaimed = (await uploaded(ada)).id;
    expect(await check(true)).toEqual([]);
    rmSync(live(picture));
    truncateSync(live(text), 3);
    writeFileSync(live(third), 'THIRD');
    rmSync(live(unclaimed));
    // The time for claiming it is over, so the collector removes the row.
    await query(`update attachments set created_at = now() - interval '26 hours' where id = '${unclaimed}'`);
    const young = NOBODY.replace(/0$/, '1');
    for (const id of [NOBODY, young]) {
      mkdirSync(join(files, id.slice(-2)), { recursive: true });
      writeFileSync(live(id), 'of nobody');
    }
    const longAgo = Date.now() / 1_000 - 26 * 3_600;
    utimesSync(live(NOBODY), longAgo, longAgo);

    const quick = await check();
    expect(quick.map(({ kind, where }) => [kind, where]).sort()).toEqual(
      [
        ['attachment-missing', picture],
        ['attachment-size', text],
        ['attachment-unknown', NOBODY],
      ].sort(),
    );
    expect(await check(true)).toContainEqual({
      kind: 'attachment-damaged',
      where: third,
      detail: expect.any(String),
    });
    // A file that cannot be opened or read does not end the check: files beside it are still looked at.
    const fourth = await sent(ada, 'fourth');
    const brokenDisk = breakReadsOf(LocalAttachmentStore.prototype, fourth);
    loop(live(picture));
    loop(live(NOBODY));
    const findings = await check(true).finally(brokenDisk);
    expect(findings.map(({ kind, where }) => [kind, where]).sort()).toEqual(
      [
        ['attachment-damaged', third],
        ['attachment-size', text],
        ['attachment-unknown', NOBODY],
        ['attachment-unreadable', fourth],
        ['attachment-unreadable', picture],
      ].sort(),
    );
    const run = await command('check', '--deep');
    expect(run).toMatchObject({ status: 1, answer: { ok: false } });
    expect(run.answer.findings).toHaveLength(4);
  });
});
