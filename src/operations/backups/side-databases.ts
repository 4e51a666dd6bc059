import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { DatabaseClient } from '../../platform/database/database-client';
import { BackupError } from './backup-error';
import { quoted, WITHOUT_TIME_LIMITS } from './database-summary';

/** PostgreSQL cuts longer names off. */
const NAME_BYTES = 63;
const NO_SUCH_DATABASE = '3D000';
const INSUFFICIENT_PRIVILEGE = '42501';
const NOT_RENAMED: Record<string, string> = {
  '55006': 'is in use by somebody whom this user may not disconnect',
  [INSUFFICIENT_PRIVILEGE]: 'does not belong to this user, who therefore may not rename it',
};

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The URL of another database of the same server. */
export function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.toString();
}

const DIGEST_CHARACTERS = 12;

/**
 * The prefix of the names of databases beside `live`. The digest of the whole name distinguishes databases whose names
 * begin alike. The part before it is for people, and is cut between two characters.
 */
export function sideDatabasePrefix(live: string, purpose: 'scratch' | 'replaced'): string {
  const digest = createHash('sha256').update(live).digest('hex').slice(0, DIGEST_CHARACTERS);
  const ending = `_${digest}_${purpose}_`;
  let shown = '';
  for (const character of live) {
    if (Buffer.byteLength(shown + character + ending) + '20260101000000'.length > NAME_BYTES) break;
    shown += character;
  }
  return shown + ending;
}

/**
 * The prefix in earlier releases, which cut names after 39 bytes. So it identifies only a shorter name. Replaced
 * databases of a longer name are left to people.
 */
function earlierPrefix(live: string, purpose: 'scratch' | 'replaced'): string | undefined {
  const room = NAME_BYTES - '_replaced_20260101000000'.length;
  return Buffer.byteLength(live) < room ? `${live}_${purpose}_` : undefined;
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new DatabaseClient({
    connectionString: url,
    application_name: 'xfchat-backup',
    keepAlive: true,
  });
  // The statement in flight rejects when its connection is lost.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(WITHOUT_TIME_LIMITS);
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The databases beside the live one. Commands make, drop and rename them over a connection to a third database. Only
 * one command at a time may do so for a live database. So databases that a killed command left can be told from those
 * in use.
 */
export class SideDatabases {
  private constructor(
    private readonly administrator: Client,
    private readonly url: string,
    readonly live: string,
  ) {}

  /** Waits for other commands that work beside the same database. Removes what killed ones have left. */
  static async with<T>(url: string, work: (databases: SideDatabases) => Promise<T>): Promise<T> {
    const live = await withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string }>('select current_database() as name');
      return rows[0]!.name;
    });
    return withThirdDatabase(url, live, async (administrator) => {
      await administrator.query(`select pg_advisory_lock(hashtext('xfchat backups'), hashtext($1))`, [live]);
      const databases = new SideDatabases(administrator, url, live);
      await databases.dropAll('scratch', '[0-9a-f]{8}');
      return work(databases);
    });
  }

  /** Runs `work` on an empty database that is dropped afterwards, unless `work` has had it renamed. */
  async withScratch<T>(work: (url: string, name: string) => Promise<T>): Promise<T> {
    const name = `${this.nameOf('scratch')}${randomBytes(4).toString('hex')}`;
    await this.create(name);
    try {
      return await work(urlOf(this.url, name), name);
    } finally {
      await this.drop(name).catch(() => undefined); // the next command finds it
    }
  }

  /**
   * Connections of others to the live database.
   * @param patienceMs how long one may take that is just being closed
   */
  async connectionsToLive(patienceMs: number): Promise<number> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const { rows } = await this.administrator.query<{ count: number }>(
        'select count(*)::integer as count from pg_stat_activity where datname = $1',
        [this.live],
      );
      const { count } = rows[0]!;
      if (count === 0 || performance.now() > deadline) return count;
      await pause(50);
    }
  }

  nameForReplaced(): string {
    return `${this.nameOf('replaced')}${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}`;
  }

  /**
   * Gives `name` the name of the live database, which is called `replaced` from then on: both in one transaction.
   * Renaming keeps new connections out; who is connected is disconnected.
   * @throws BackupError when somebody cannot be disconnected; nothing has changed then
   */
  async putInPlace(name: string, replaced: string): Promise<void> {
    await withThirdDatabase(this.url, this.live, async (renamer) => {
      let isDone = false;
      const renaming = renamer
        .query(
          `begin;
           alter database ${quoted(this.live)} rename to ${quoted(replaced)};
           alter database ${quoted(name)} rename to ${quoted(this.live)};
           commit`,
        )
        .finally(() => (isDone = true));
      renaming.catch(() => undefined); // it is awaited below
      while (!isDone) {
        await this.administrator
          .query('select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1)', [
            [this.live, name],
          ])
          .catch(() => undefined); // not ours to end: the renaming says so
        await Promise.race([renaming.catch(() => undefined), pause(100)]);
      }
      await renaming.catch((error: Error & { code?: string }) => {
        const reason = NOT_RENAMED[error.code ?? ''];
        if (reason === undefined) throw error;
        throw new BackupError(`The database "${this.live}" ${reason}. Nothing was changed.`);
      });
    });
  }

  /** Databases that were replaced by a restore, except the one that is named. */
  dropReplaced(kept: string | undefined): Promise<void> {
    return this.dropAll('replaced', '[0-9]{14}', kept);
  }

  private async drop(name: string): Promise<void> {
    await this.administrator.query(`drop database if exists ${quoted(name)} with (force)`);
  }

  /** Drops those whose names are a prefix of this database and what the expression says. */
  private async dropAll(purpose: 'scratch' | 'replaced', rest: string, except?: string): Promise<void> {
    const prefixes = [this.nameOf(purpose), earlierPrefix(this.live, purpose)];
    const { rows } = await this.administrator.query<{ name: string }>(
      `select datname as name from pg_catalog.pg_database d
       where datname is distinct from $3 and exists (select from unnest($1::text[]) prefix
         where starts_with(d.datname, prefix) and substr(d.datname, length(prefix) + 1) ~ $2)`,
      [prefixes.filter((prefix) => prefix !== undefined), `^${rest}$`, except],
    );
    for (const { name } of rows) await this.drop(name);
  }

  private nameOf(purpose: 'scratch' | 'replaced'): string {
    return sideDatabasePrefix(this.live, purpose);
  }

  /** Sorting and case as in the live database. */
  private async create(name: string): Promise<void> {
    const { rows } = await this.administrator.query<{ options: string }>(
      `select format('encoding %L lc_collate %L lc_ctype %L', pg_encoding_to_char(d.encoding), d.datcollate, d.datctype)
           || case d.datlocprovider
                when 'i' then format(' locale_provider icu icu_locale %L', locale.name)
                when 'b' then format(' locale_provider builtin builtin_locale %L', locale.name)
                else ' locale_provider libc' end as options
       from pg_database d,
         lateral (select coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') as name) locale
       where d.datname = $1`,
      [this.live],
    );
    try {
      await this.administrator.query(
        `create database ${quoted(name)} template template0 ${rows[0]!.options}`,
      );
    } catch (error) {
      if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      throw new BackupError(
        'The user of DATABASE_URL (or DIRECT_DATABASE_URL) may not create databases, and a backup is proven in one of its own. Grant it: alter role … createdb.',
      );
    }
  }
}

/** A session in the database itself would be in the way of renaming it. */
async function withThirdDatabase<T>(
  url: string,
  live: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const [first, second] = ['postgres', 'template1'].filter((name) => name !== live);
  const isThere = await withClient(urlOf(url, first!), async () => true).catch((error: { code?: string }) => {
    if (error.code === NO_SUCH_DATABASE || error.code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  });
  return withClient(urlOf(url, isThere ? first! : (second ?? first!)), work);
}
