import type { DataSource } from 'typeorm';

/**
 * Identifies this database among all that share one Redis. The installation id alone is not enough: a copy of a
 * database, such as one for trials, has the same id.
 */
export async function readNamespace(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<[{ id: string; number: string }]>(
    `select s.installation_id as id, d.oid::text as number
     from database_state s, pg_database d where d.datname = current_database()`,
  );
  return `xfchat:${row.id}-${row.number}`;
}
