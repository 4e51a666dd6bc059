import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupContext } from '../../src/operations/backups/backup-context';
import { listBackups } from '../../src/operations/backups/backup-folder';
import { createBackup } from '../../src/operations/backups/create-backup';
import { restoreBackup } from '../../src/operations/backups/restore-backup';
import { verifyBackup } from '../../src/operations/backups/verify-backup';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrateUp } from '../../src/platform/migrations/migrate';
import { SCHEMA } from '../../src/schema';
import { backupBench } from '../support/backup-bench';
import { createTestDatabase, withClient } from '../support/databases';
import { InstalledPostgres, installedPostgres, PASSWORD } from '../support/installed-postgres';
import { fillWithMessages } from '../support/fill-with-messages';
import { runCommand } from '../support/xfchat-command';

const installed = installedPostgres();
const bench = backupBench();
afterAll(() => bench.remove());

/** Writes a tool that acts before the real one, or in its place. */
function toolFolder(name: string, dump: string, restore = 'exec "$real" "$@"'): string {
  const folder = join(bench.folder, name);
  mkdirSync(folder);
  for (const [tool, script] of [
    ['pg_dump', dump],
    ['pg_restore', restore],
  ] as const) {
    const path = join(folder, tool);
    const version = `[ "$1" = --version ] && exec "$real" --version`;
    writeFileSync(path, `#!/bin/sh\nreal=${installed?.folder}/${tool}\n${version}\n${script}\n`);
    chmodSync(path, 0o755);
  }
  return folder;
}

if (installed) {
  describe(`backups by pg_dump ${installed.major}`, () => {
    let postgres: InstalledPostgres;
    let url: string;
    let context: BackupContext;

    beforeAll(async () => {
      postgres = await InstalledPostgres.start(installed.folder);
      await withClient(postgres.url('postgres'), (client) => client.query('create database live'));
      url = postgres.url('live');
      await migrateUp(url, loadConfiguration({}), SCHEMA);
      await fillWithMessages(url, 2_000);
      await withClient(url, (client) =>
        client.query('create schema theirs; create table theirs.notes as select 7 as n'),
      );
      context = bench.context(url, { isEmbedded: false, environment: { PG_BIN_DIR: installed.folder } });
    });
    afterAll(() => postgres.stop());

    const notes = () =>
      withClient(url, async (client) => (await client.query('select n from theirs.notes')).rows as object[]);

    it('contain the whole database, are proven, and can replace it', async () => {
      const backup = await createBackup(context);
      expect(backup.manifest).toMatchObject({ way: 'pg_dump', leftOut: [] });
      expect(await verifyBackup(context, backup)).toMatchObject({ findings: [] });
      await withClient(url, (client) =>
        client.query('drop schema theirs cascade; delete from message_versions'),
      );
      expect(await restoreBackup(context, backup, { confirm: 'live', discard: true })).toMatchObject({
        epoch: 2,
      });
      expect(await notes()).toEqual([{ n: 7 }]);
    });

    it('never show the password in the arguments of a command or in its output', async () => {
      const words = join(bench.folder, 'words');
      const environment = {
        DATABASE_URL: url,
        BACKUP_DIR: join(bench.folder, 'commands'),
        PG_BIN_DIR: toolFolder('listening', `echo "$@" >> ${words}; exec "$real" "$@"`),
      };
      const made = runCommand(environment, 'backup', 'create');
      const drill = runCommand(environment, 'drill');
      expect(drill.answer).toMatchObject({ ok: true, id: made.answer.id });
      expect(readFileSync(words, 'utf8')).toContain('--dbname=postgres://chat@127.0.0.1');
      for (const text of [readFileSync(words, 'utf8'), made.stdout, made.stderr, drill.stdout, drill.stderr])
        expect(text).not.toContain(PASSWORD);
    });

    it('leave nothing behind when they fail in the middle', async () => {
      const before = await listBackups(bench.folder);
      const failing = toolFolder(
        'failing',
        'echo half of it; echo "pg_dump: error: the disk is on fire" >&2; exit 1',
      );
      const there = bench.context(url, { isEmbedded: false, environment: { PG_BIN_DIR: failing } });
      await expect(createBackup(there)).rejects.toThrow(/pg_dump failed: .*the disk is on fire/);
      expect(await listBackups(bench.folder)).toEqual(before);
      expect(readdirSync(bench.folder).filter((name) => name.startsWith('unfinished'))).toEqual([]);
    });

    it('change nothing when pg_restore rejects them', async () => {
      const backup = await createBackup(context);
      const failing = toolFolder('refusing', '', 'echo "pg_restore: error: no" >&2; exit 1');
      const there = bench.context(url, { isEmbedded: false, environment: { PG_BIN_DIR: failing } });
      await expect(restoreBackup(there, backup, { force: true })).rejects.toThrow(/pg_restore failed: .*no/);
      expect(await notes()).toEqual([{ n: 7 }]);
    });

    it('are restored in the portable format from another version', async () => {
      const newer = await createTestDatabase();
      await fillWithMessages(newer.url, 100);
      const backup = await createBackup(bench.context(newer.url));
      await newer.drop();
      await withClient(postgres.url('postgres'), (client) => client.query('create database moved'));
      const restored = await restoreBackup(bench.context(postgres.url('moved')), backup, {});
      expect(restored).toMatchObject({ findings: [], replaced: undefined });
    });
  });
} else {
  process.stderr.write(
    'pg_dump not found: its suite did not run (set PG_BIN_DIR to a PostgreSQL 15 to 18)\n',
  );
}

describe('without a pg_dump of the server’s version', () => {
  it('the command makes a portable backup and reports that', async () => {
    const database = await createTestDatabase();
    await withClient(database.url, (client) =>
      client.query('create schema theirs; create table theirs.notes ()'),
    );
    const folder = join(bench.folder, 'old');
    mkdirSync(folder);
    for (const tool of ['pg_dump', 'pg_restore']) {
      writeFileSync(join(folder, tool), '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n');
      chmodSync(join(folder, tool), 0o755);
    }
    try {
      const context = bench.context(database.url, { isEmbedded: false, environment: { PG_BIN_DIR: folder } });
      const { manifest } = await createBackup(context);
      expect(manifest).toMatchObject({ way: 'portable', leftOut: ['theirs'] });
      expect(bench.warnings.join()).toMatch(/pg_dump \d+ was not found .* portable way/);
    } finally {
      await database.drop();
    }
  });
});
