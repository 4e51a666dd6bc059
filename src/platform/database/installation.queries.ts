import type { DataSource } from 'typeorm';

/** The installation of a database: its id, created with the schema, and the name of the database. */
export async function readInstallationOf(dataSource: DataSource): Promise<{ id: string; database: string }> {
  const [row] = await dataSource.query<[{ id: string; database: string }]>(
    `select installation_id as id, current_database() as database from database_state`,
  );
  return row;
}
