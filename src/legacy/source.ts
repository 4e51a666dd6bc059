import { Client, escapeIdentifier } from 'pg';
import { findOldTables, type OldTable } from '../platform/database/old-tables';
import { pinForeign } from '../platform/database/session-settings';

/** Where the old tables are: in another schema of this database, or in another database. */
export type SourceAddress = { readonly schema: string } | { readonly url: string };

/** A row as the source tells it: `row` is the text of a JSON object. */
export interface SourceRow {
  readonly key: string;
  readonly row: string;
}

interface UniqueIndex {
  columns: string[];
  is_certain: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** What is wrong with the request, in a sentence for the operator. */
export class LegacyError extends Error {
  override name = 'LegacyError';
}

/** A connection to the old tables. What it reads within `reading` is one snapshot, however long that takes. */
export class LegacySource {
  private constructor(
    private readonly client: Client,
    /** The source in words; never with a password. */
    readonly name: string,
    readonly schema: string,
    readonly tables: readonly OldTable[],
  ) {}

  /** @throws LegacyError when there is nothing to import */
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
        `The database of the old tables did not let us in (${(error as { code?: string }).code ?? 'timeout'}).`,
        { cause: error },
      );
    }
    try {
      // What is read as text must not depend on the settings of a server, which may be of any version.
      await client.query(pinForeign(false));
      const { rows } = await client.query<{ schema: string }>(`select current_schema() as schema`);
      const schema = isSchema ? address.schema : rows[0]!.schema;
      const name = isSchema
        ? `schema ${schema}`
        : `database ${client.database} on ${client.host}:${client.port}`;
      const query = async (sql: string, values: unknown[]) =>
        (await client.query(sql, values)).rows as unknown[];
      const tables = await findOldTables(query, schema);
      if (tables.length === 0) throw new LegacyError(`There are no tables of an earlier XFChat in ${name}.`);
      return new LegacySource(client, name, schema, tables);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** All tables as of one moment. */
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

  /** Whether somebody had this name or e-mail address, whatever its case. */
  async hasUser(login: string): Promise<boolean> {
    const users = this.tables.find(({ name }) => name === 'users');
    if (!users) return false;
    const columns = ['username', 'email'].filter((column) => users.columns.includes(column));
    const { rows } = await this.client.query(
      `select from ${this.nameOf(users)} t where ${columns.map((column) => `lower(t.${column}) = lower($1)`).join(' or ')} limit 1`,
      [login],
    );
    return rows.length > 0;
  }

  /** The rows whose key is above `after`, or all, in the order of their keys, a batch at a time; within `reading`. */
  rows(table: OldTable, after: string | null, batch: number): AsyncGenerator<SourceRow[]> {
    return this.stream(table, after, batch, 'row::text as row');
  }

  /** The same with the MD5 of each row instead of the row. */
  digests(table: OldTable, batch: number): AsyncGenerator<SourceRow[]> {
    return this.stream(table, null, batch, 'md5(row::text) as row');
  }

  private async *stream(
    table: OldTable,
    after: string | null,
    batch: number,
    what: string,
  ): AsyncGenerator<SourceRow[]> {
    const key = await this.keyOf(table);
    await this.client.query(
      `declare legacy_rows no scroll cursor for
       select key, ${what} from (
         select (${key}) collate "C" as key, to_jsonb(t) as row from ${this.nameOf(table)} t) keyed
       where $1::text is null or key > $1 order by key`,
      [after],
    );
    for (;;) {
      const { rows } = await this.client.query<SourceRow>(`fetch ${batch} from legacy_rows`);
      if (rows.length === 0) break;
      yield rows;
    }
    await this.client.query('close legacy_rows');
  }

  /** Moves the old tables to another schema of their database, which is made if need be. */
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
   * What names a row for ever: its id; where there is none, its unique columns; else its content, counting equal rows.
   * An id that nothing keeps unique names the first of its rows, and the others by their content.
   */
  private async keyOf(table: OldTable): Promise<string> {
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
    const content = 'to_jsonb(t)::text';
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
}
