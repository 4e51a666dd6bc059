import type { Client } from 'pg';
import { TABLES_WITHOUT_BACKUP } from '../../src/platform/database/tables-without-backup';

/** A digest of each table of a schema, independent of the order of rows. Running servers change some tables by themselves. */
export async function databaseDigest(client: Client, schema = 'public'): Promise<Record<string, string>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and relname <> all ($2) order by 1`,
    [schema, TABLES_WITHOUT_BACKUP],
  );
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(row, '' order by row collate "C")), '') as digest
       from (select md5(t::text) as row from ${schema}."${name}" t) rows`,
    );
    digests[name] = rows[0]!.digest;
  }
  return digests;
}
