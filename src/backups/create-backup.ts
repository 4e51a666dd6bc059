import { DataSource } from 'typeorm';
import { migrationOptions } from '../platform/database/database-options';
import { inSnapshot } from '../platform/database/transaction';
import { version } from '../version';
import { directUrl, type BackupContext } from './backup-context';
import { newBackupId, prepareFolder, publish, unfinishedPath, type Backup } from './backup-folder';
import { readFacts } from './database-facts';
import type { FileSeal } from './durable-files';
import { newManifest, type DatabaseFacts, type Way } from './manifest';
import { dumpPortable } from './portable-data';
import { withClient } from './side-databases';

/**
 * Backs up the live database while it is in use: data, counts and digests are of one snapshot. The backup is in
 * `BACKUP_DIR` and on the disk when this resolves; it counts as a backup only once `verifyBackup` has restored it.
 * @throws BackupError
 */
export async function createBackup(context: BackupContext): Promise<Backup> {
  const { configuration, schema } = context;
  const folder = configuration.backupFolder;
  await prepareFolder(folder);
  const url = directUrl(context);
  const dataSource = await new DataSource(migrationOptions(url, configuration, schema)).initialize();
  try {
    return await inSnapshot(dataSource, async (manager) => {
      const facts = await readFacts(manager, context.progress);
      const [exported]: { snapshot: string }[] = await manager.query(
        'select pg_export_snapshot() as snapshot',
      );
      const leftOut: { name: string }[] = await manager.query(`
        select nspname as name from pg_namespace n
        where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
          and exists (select from pg_class c where c.relnamespace = n.oid and c.relkind = 'r')
        order by nspname`);
      const id = newBackupId(facts.begunAt);
      const { way, seal } = await dump(context, url, exported!.snapshot, facts, unfinishedPath(folder, id));
      return publish(
        folder,
        newManifest({
          ...facts,
          ...seal,
          id,
          way,
          appVersion: version,
          finishedAt: new Date().toISOString(),
          leftOut: way === 'portable' ? leftOut.map(({ name }) => name) : [],
        }),
      );
    });
  } finally {
    await dataSource.destroy();
  }
}

async function dump(
  context: BackupContext,
  url: string,
  snapshot: string,
  facts: DatabaseFacts,
  path: string,
): Promise<{ way: Way; seal: FileSeal }> {
  const seal = await withClient(url, (client) =>
    dumpPortable(client, snapshot, facts.tables, path, (table) => context.progress(`copying ${table}`)),
  );
  return { way: 'portable', seal };
}
