import { Client, escapeIdentifier } from 'pg';
import { foreign } from '../../platform/logging/foreign-text';
import { findOldTables, type OldTable } from '../../platform/database/old-tables';
import { pinForeign } from '../../platform/database/session-settings';
import { inAnyCase } from './folded-names';

/** The place of the old tables: another schema of this database, or another database. */
export type SourceAddress = { readonly schema: string } | { readonly url: string };

/** A row of the source; `row` is the text of a JSON object. */
export interface SourceRow {
  readonly key: string;
  readonly row: string;
}

interface UniqueIndex {
  columns: string[];
  is_certain: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Rows of the first fetch. Their size decides how many rows later fetches take, because rows may be of any size. */
const FIRST_ROWS = 50;
/** The most JSON in one batch. It bounds memory; PostgreSQL rejects arrays of 256 MB. */
const BATCH_CHARACTERS = 8 * 1024 * 1024;
const LONGEST_KEY = 512;

/** An error that the operator can correct; its message is printed. */
export class LegacyError extends Error {
  override name = 'LegacyError';
}

/** A connection to the old tables. All reads within `reading` see one snapshot, however long they take. */
export class LegacySource {
  private constructor(
    private readonly client: Client,
    /** Names the source independently of the address, and never contains a password. */
    readonly name: string,
    /** The name in earlier releases, which contained the address. */
    private readonly earlierName: string,
    readonly schema: string,
    readonly tables: readonly OldTable[],
    private readonly hasBytes: boolean,
  ) {}

  /** Whether `recorded` names this source, in this release or in earlier ones. */
  isCalled(recorded: string): boolean {
    return recorded === this.name || recorded === this.earlierName;
  }

  /** @throws LegacyError if it cannot connect or finds no old tables */
  static async connect(databaseUrl: string, address: SourceAddress): Promise<LegacySource> {
    const isSchema = 'schema' in address;
    const client = new Client({
      connectionString: isSchema ? databaseUrl : address.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'xfchat-legacy',
      keepAlive: true,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw new LegacyError(
        `Could not connect to the database of the old tables (${(error as { code?: string }).code ?? 'timeout'}).`,
        { cause: error },
      );
    }
    try {
      // Values read as text must not depend on the settings of the source's server, which may have any version.
      await client.query(pinForeign(false));
      const { rows } = await client.query<{ schema: string }>(`select current_schema() as schema`);
      const schema = isSchema ? address.schema : rows[0]!.schema;
      const earlierName = isSchema
        ? `schema ${schema}`
        : `database ${client.database} on ${client.host}:${client.port}`;
      const name = isSchema ? earlierName : ((await identityOf(client)) ?? earlierName);
      const query = async (sql: string, values: unknown[]) =>
        (await client.query(sql, values)).rows as unknown[];
      const tables = await findOldTables(query, schema);
      if (tables.length === 0)
        throw new LegacyError(`There are no tables of an earlier XFChat in ${foreign(name)}.`);
      return new LegacySource(client, name, earlierName, schema, tables, await readsBytes(client));
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** Reads all tables in one snapshot. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    await this.client.query('begin isolation level repeatable read read only');
    try {
      await this.client.query(pinForeign(true));
      return await work();
    } finally {
      await this.client.query('rollback').catch(() => undefined);
    }
  }

  async count(table: OldTable): Promise<number> {
    const { rows } = await this.client.query<{ count: string }>(
      `select count(*) as count from ${this.nameOf(table)}`,
    );
    return Number(rows[0]!.count);
  }

  /** Whether an old user has this username or e-mail address, in any case. */
  async hasUser(login: string): Promise<boolean> {
    const users = this.tables.find(({ name }) => name === 'users');
    if (!users) return false;
    const columns = ['username', 'email'].filter((column) => users.columns.includes(column));
    const { rows } = await this.client.query(
      `select from ${this.nameOf(users)} t where ${columns.map((column) => `t.${column} ~ $1`).join(' or ')} limit 1`,
      [inAnyCase(login)],
    );
    return rows.length > 0;
  }

  /** Reads rows with a key above `after`, or all, by key in batches of bounded size. Call it within `reading`. */
  async *rows(table: OldTable, after: string | null, most: number): AsyncGenerator<SourceRow[]> {
    const row = await this.rowOf(table);
    const key = await this.keyOf(table, row);
    const raw = (text: string): string =>
      this.hasBytes ? `encode(convert_to(${text}, 'SQL_ASCII'), 'hex')` : text;
    await this.client.query(
      `declare legacy_rows no scroll cursor for
       select ${raw('key')} as key, ${raw('row::text')} as row from (
         select case when length(key) > ${LONGEST_KEY} then left(key, 64) || '#' || md5(key) else key end as key, row from (
           select (${key}) collate "C" as key, ${row} as row from ${this.nameOf(table)} t) named) keyed
       where $1::text is null or key > $1 order by key`,
      [after],
    );
    let count = FIRST_ROWS;
    for (;;) {
      const { rows } = await this.client.query<SourceRow>(`fetch ${count} from legacy_rows`);
      if (rows.length === 0) break;
      const texts = this.hasBytes
        ? rows.map((found) => ({ key: textOfBytes(found.key), row: textOfBytes(found.row) }))
        : rows;
      yield* ofBoundedSize(texts);
      const largest = Math.max(...rows.map((found) => found.row.length));
      count = Math.max(1, Math.min(most, count * 4, Math.floor(BATCH_CHARACTERS / largest)));
    }
    await this.client.query('close legacy_rows');
  }

  /** Moves the old tables to another schema of their database, and creates the schema if necessary. */
  async moveTo(schema: string): Promise<void> {
    const moves = this.tables.map(
      (table) => `alter table ${this.nameOf(table)} set schema ${escapeIdentifier(schema)}`,
    );
    await this.client.query(
      `begin; create schema if not exists ${escapeIdentifier(schema)}; ${moves.join('; ')}; commit`,
    );
  }

  private nameOf(table: OldTable): string {
    return `${escapeIdentifier(this.schema)}.${escapeIdentifier(table.name)}`;
  }

  /**
   * The permanent key of a row: its id; else its unique columns; else its content, with a number for equal rows.
   * An id without a unique constraint is the key of its first row; further rows with it get their content as key.
   */
  private async keyOf(table: OldTable, row: string): Promise<string> {
    const { rows } = await this.client.query<UniqueIndex>(
      `select array_agg(a.attname::text order by k.place) as columns, bool_and(a.attnotnull) as is_certain
       from pg_index i
       cross join unnest(i.indkey::smallint[]) with ordinality as k (number, place)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
       where i.indrelid = $1::regclass and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
       group by i.indexrelid, i.indisprimary order by i.indisprimary desc, i.indexrelid`,
      [this.nameOf(table)],
    );
    const unique = rows.filter((index) => index.is_certain);
    const content = `(${row})::text`;
    const byContent = `md5(${content}) || '#' || row_number() over (partition by ${content})`;
    if (table.columns.includes('id')) {
      if (unique.some(({ columns }) => columns.length === 1 && columns[0] === 'id')) return 't.id::text';
      return `case when t.id is not null and row_number() over (partition by t.id order by ${content}) = 1
        then t.id::text else 'again ' || ${byContent} end`;
    }
    const index = unique[0];
    return index
      ? `concat_ws(',', ${index.columns.map((column) => `t.${escapeIdentifier(column)}::text`).join(', ')})`
      : byContent;
  }

  /** A row as JSON. Values of type json stay text, because jsonb may reject them. */
  private async rowOf(table: OldTable): Promise<string> {
    const { rows } = await this.client.query<{ name: string; is_json: boolean }>(
      `select a.attname as name, coalesce(nullif(e.typelem, 0), b.oid) = 'json'::regtype as is_json
       from pg_catalog.pg_attribute a
       join pg_catalog.pg_type y on y.oid = a.atttypid
       join pg_catalog.pg_type b on b.oid = coalesce(nullif(y.typbasetype, 0), y.oid)
       left join pg_catalog.pg_type e on e.oid = b.oid and e.typcategory = 'A'
       where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [this.nameOf(table)],
    );
    const json = rows.filter((column) => column.is_json);
    if (json.length === 0) return 'to_jsonb(t)';
    const columns = rows.map(({ name, is_json: isJson }) => {
      const column = escapeIdentifier(name);
      return `t.${column}${isJson ? '::text' : ''} as ${column}`;
    });
    return `(select to_jsonb(texts) from (select ${columns.join(', ')}) texts)`;
  }
}

/** Identifies the cluster and its database; undefined if the server does not identify its cluster. */
async function identityOf(client: Client): Promise<string | undefined> {
  const found = await client
    .query<{ name: string }>(
      `select format('database %s of the PostgreSQL cluster %s', current_database(), system_identifier) as name
       from pg_catalog.pg_control_system()`,
    )
    .catch(() => undefined);
  return found?.rows[0]?.name;
}

/** A database in SQL_ASCII stores bytes of unknown encoding. */
async function readsBytes(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ encoding: string }>(
    `select current_setting('server_encoding') as encoding`,
  );
  return rows[0]!.encoding === 'SQL_ASCII';
}

/** Decodes UTF-8 if the bytes are valid UTF-8, else Windows-1252, in which every byte is a character. */
function textOfBytes(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function* ofBoundedSize(rows: readonly SourceRow[]): Generator<SourceRow[]> {
  let batch: SourceRow[] = [];
  let characters = 0;
  for (const found of rows) {
    if (batch.length > 0 && characters + found.row.length > BATCH_CHARACTERS) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(found);
    characters += found.row.length;
  }
  yield batch;
}
