import { readFileSync, writeFileSync } from 'node:fs';
import { createBackup } from '../src/operations/backups/create-backup';
import { drill } from '../src/operations/backups/drill';
import { ErasureJournal } from '../src/features/erasure/erasure-journal';
import { findBackup } from '../src/operations/backups/find-backup';
import type { BackupContext } from '../src/operations/backups/backup-context';
import type { Backup } from '../src/operations/backups/backup-folder';
import { isWhole, listBackups } from '../src/operations/backups/backup-folder';
import { backupTimes } from '../src/operations/backups/backup-times';
import { readInstallation } from '../src/operations/backups/installation';
import { isBackupProven } from '../src/operations/backups/is-backup-proven';
import { openManifest, sealManifest } from '../src/operations/backups/manifest';
import { restoreBackup } from '../src/operations/backups/restore-backup';
import { backupBench } from './support/backup-bench';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';

// Each restore proves the whole backup.
jest.setTimeout(240_000);

const DAY_MS = 24 * 3_600_000;

describe('a backup folder that two installations share', () => {
  let bench: ReturnType<typeof backupBench>;
  const databases: TestDatabase[] = [];

  beforeEach(() => {
    bench = backupBench();
  });
  afterEach(async () => {
    bench.remove();
    await Promise.all(databases.splice(0).map((database) => database.drop()));
  });

  /** Creates a database with its own id and one user, whose name tells to which installation it belongs. */
  async function install(username: string): Promise<TestDatabase> {
    const database = await createTestDatabase();
    databases.push(database);
    await withClient(database.url, (client) =>
      client.query(
        `update database_state set installation_id = gen_random_uuid();
         insert into users (id, username, password_hash, display_name)
         values (gen_random_uuid(), '${username}', '-', '${username}')`,
      ),
    );
    return database;
  }
  const usernames = (url: string): Promise<string[]> =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ username: string }>(
        'select username from users where not is_internal order by 1',
      );
      return rows.map((row) => row.username);
    });
  const idOf = async ({ url }: TestDatabase): Promise<string> => (await readInstallation(url)).id!;
  /** Gives the backup the form of an earlier release. */
  function unsign({ base }: Backup, database?: string): void {
    const { installationId: _, ...manifest } = openManifest(readFileSync(`${base}.json`, 'utf8'));
    writeFileSync(`${base}.json`, sealManifest({ ...manifest, ...(database && { database }) }));
  }

  it('selects the installation’s own newest backup by default, and one of the other installation only by name', async () => {
    const [ours, theirs] = [await install('ours'), await install('theirs')];
    const [context, other] = [ours, theirs].map(({ url }) => bench.context(url)) as [
      BackupContext,
      BackupContext,
    ];
    await expect(findBackup(context, 'latest')).rejects.toThrow('no backup');
    const own = await createBackup(context);
    const foreign = await createBackup(other);
    expect(foreign.manifest.installationId).toBe(await idOf(theirs));

    expect((await findBackup(context, 'latest')).manifest.id).toBe(own.manifest.id);
    expect(await drill(context)).toMatchObject({ ok: true, id: own.manifest.id });
    await restoreBackup(context, await findBackup(context, 'latest'), { force: true });
    expect(await usernames(ours.url)).toEqual(['ours']);
    expect(bench.warnings).toEqual([]);

    const before = await idOf(ours);
    await restoreBackup(context, await findBackup(context, foreign.manifest.id), { force: true });
    expect(bench.warnings.join()).toContain(`is a backup of installation ${await idOf(theirs)}`);
    expect(await usernames(ours.url)).toEqual(['theirs']);
    // Its backups do not belong to the other installation, whatever data it has.
    expect(await idOf(ours)).toBe(before);
    await createBackup(context);
    expect((await findBackup(other, 'latest')).manifest.id).toBe(foreign.manifest.id);
  });

  it('does not count the backups of the other installation', async () => {
    const [ours, theirs] = [await install('ours'), await install('theirs')];
    await createBackup(bench.context(theirs.url));
    await drill(bench.context(theirs.url));
    const [installation, other] = [await readInstallation(ours.url), await readInstallation(theirs.url)];
    await expect(findBackup(bench.context(ours.url), 'latest')).rejects.toThrow(
      /No backup in .* is known to be of this database[\s\S]*name it instead of "latest"/,
    );
    await expect(drill(bench.context(ours.url))).rejects.toThrow('No backup');
    expect(await backupTimes(bench.folder, installation)).toEqual({ created: undefined, proven: undefined });
    expect(await isBackupProven(bench.folder, installation)).toBe(false);
    expect(await backupTimes(bench.folder, other)).toEqual({
      created: expect.any(Number),
      proven: expect.any(Number),
    });
    expect(await isBackupProven(bench.folder, other)).toBe(true);
  });

  it('keeps the old backups of the other installation', async () => {
    const [ours, theirs] = [await install('ours'), await install('theirs')];
    const foreign = await createBackup(bench.context(theirs.url));
    const old = await createBackup(bench.context(ours.url));
    const begunAt = new Date(Date.now() - 90 * DAY_MS).toISOString();
    for (const { base, manifest } of [foreign, old])
      writeFileSync(`${base}.json`, sealManifest({ ...manifest, begunAt }));
    await createBackup(bench.context(ours.url));
    const left = (await listBackups(bench.folder)).filter(isWhole).map(({ manifest }) => manifest.id);
    expect(left).toContain(foreign.manifest.id);
    expect(left).not.toContain(old.manifest.id);
  });

  it('recognises a backup of an earlier release by the name of the database, and reports that', async () => {
    const [ours, theirs] = [await install('ours'), await install('theirs')];
    const old = await createBackup(bench.context(ours.url));
    unsign(await createBackup(bench.context(theirs.url)));
    unsign(old);
    const context = bench.context(ours.url);
    expect((await findBackup(context, 'latest')).manifest.id).toBe(old.manifest.id);
    expect(bench.warnings.join()).toContain('does not say which installation made it');
    const signed = await createBackup(context);
    unsign(await createBackup(context));
    // A newer backup without an owner may belong to an installation of an earlier release.
    expect((await findBackup(context, 'latest')).manifest.id).toBe(signed.manifest.id);
  });

  it('allows a restore of the only installation into an empty database, as a replacement or as a copy', async () => {
    const theirs = await install('theirs');
    await createBackup(bench.context(theirs.url));
    const empty = async (): Promise<TestDatabase> => {
      const database = await createTestDatabase({ empty: true });
      databases.push(database);
      return database;
    };
    const [place, copy, third] = [await empty(), await empty(), await empty()];
    await restoreBackup(bench.context(place.url), await findBackup(bench.context(place.url), 'latest'), {});
    expect(await idOf(place)).toBe(await idOf(theirs));
    await restoreBackup(bench.context(copy.url), await findBackup(bench.context(copy.url), 'latest'), {
      copy: true,
    });
    expect(await idOf(copy)).not.toBe(await idOf(theirs));
    await createBackup(bench.context(copy.url));
    await expect(findBackup(bench.context(third.url), 'latest')).rejects.toThrow('one of them');
  });

  it('does not repeat erasures of the other installation', async () => {
    const [ours, theirs] = [await install('somebody'), await install('theirs')];
    const userId = await withClient(ours.url, async (client) => {
      const { rows } = await client.query<{ id: string }>(`select id from users where username = 'somebody'`);
      return rows[0]!.id;
    });
    const backup = await createBackup(bench.context(ours.url));
    const journal = new ErasureJournal(bench.folder, await idOf(theirs));
    await journal.write({ userId, messages: 'remove', erasedAt: new Date() });
    expect(await new ErasureJournal(bench.folder, await idOf(ours)).read()).toEqual([]);
    const restored = await restoreBackup(bench.context(ours.url), backup, { force: true });
    expect(restored.erasedAgain).toBe(0);
    expect(await usernames(ours.url)).toEqual(['somebody']);

    // Erasures of the installation itself are repeated wherever its backup is restored.
    await new ErasureJournal(bench.folder, await idOf(ours)).write({
      userId,
      messages: 'remove',
      erasedAt: new Date(),
    });
    const elsewhere = await restoreBackup(bench.context(theirs.url), backup, { force: true });
    expect(elsewhere.erasedAgain).toBe(1);
  });
});
