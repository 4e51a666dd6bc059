import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { TABLES_WITHOUT_BACKUP } from '../../platform/database/tables-without-backup';
import { contentDigests } from '../integrity/content-digest';
import { BackupError } from './backup-error';
import type { BackedUpTable, DatabaseSummary } from './manifest';

/** How long to wait for somebody who is changing the schema; they in turn wait for our snapshot. */
export const LOCK_TIMEOUT_MS = 30_000;

/** Limits that an administrator has set for the database or the user are meant for requests. */
export const WITHOUT_TIME_LIMITS = `
  select set_config(name, '0', false) from pg_settings
  where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
    'idle_session_timeout')`;

/**
 * The content of the database in one snapshot. Keeps changes of the schema out until the transaction ends, and reads
 * all messages.
 * @throws BackupError when it holds no XFChat
 */
export async function readSummary(
  manager: EntityManager,
  progress: (what: string) => void,
): Promise<DatabaseSummary> {
  await manager.query(WITHOUT_TIME_LIMITS);
  await manager.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const columns = await readColumns(manager);
  if (!columns.some(({ name }) => name === 'database_state'))
    throw new BackupError('The database holds no data of XFChat: there is nothing to back up.');
  const names = columns.map(({ name }) => `public.${quoted(name)}`);
  await manager.query(`lock table ${names.join(', ')} in access share mode`);
  const [state]: (Pick<DatabaseSummary, 'database' | 'epoch'> & {
    begun_at: Date;
    version: string;
    installation: string | null;
  })[] = await manager.query(`
      select current_database() as database, now() as begun_at, current_setting('server_version') as version, epoch,
        to_jsonb(state)->>'installation_id' as installation
      from public.database_state state`);
  const migrations: { name: string }[] = await manager.query('select name from migrations order by id');
  progress('counting');
  const tables = await countRows(manager, columns);
  progress('reading all messages');
  const conversations = await readDigests(manager);
  return {
    begunAt: state!.begun_at.toISOString(),
    database: state!.database,
    ...(state!.installation !== null && { installationId: state!.installation }),
    postgresVersion: state!.version,
    epoch: state!.epoch,
    migrations: migrations.map(({ name }) => name),
    tables,
    conversations,
    contentDigest: digestOfAll(conversations),
  };
}

export async function readDigests(manager: EntityManager): Promise<Record<string, string>> {
  const digests = await contentDigests(manager);
  return Object.fromEntries(digests.map(({ conversationId, digest }) => [conversationId, digest]));
}

/** The SHA-256 over the digests of all conversations, in the order of their ids. */
function digestOfAll(conversations: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const id of Object.keys(conversations).sort()) hash.update(`${id} ${conversations[id]}\n`);
  return hash.digest('hex');
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function readColumns(manager: EntityManager): Promise<Pick<BackedUpTable, 'name' | 'columns'>[]> {
  return manager.query(
    `
    select c.relname as name,
      jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
        as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attgenerated = ''
      and c.relname <> all ($1)
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    group by c.relname order by c.relname`,
    [TABLES_WITHOUT_BACKUP],
  );
}

/** Rows of each of the tables, in one statement. */
async function countRows(
  manager: EntityManager,
  tables: Pick<BackedUpTable, 'name' | 'columns'>[],
): Promise<BackedUpTable[]> {
  const counts: { name: string; rows: string | number }[] = await manager.query(
    tables
      .map(
        ({ name }, index) =>
          `select $${index + 1}::text as name, (select count(*) from public.${quoted(name)}) as rows`,
      )
      .join(' union all '),
    tables.map(({ name }) => name),
  );
  const rows = new Map(counts.map((count) => [count.name, Number(count.rows)]));
  return tables.map((table) => ({ ...table, rows: rows.get(table.name)! }));
}
