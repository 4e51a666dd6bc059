import type { DataSource } from 'typeorm';

/** How the migrations in the database compare with those of this program. */
export interface SchemaVerdict {
  /** Not applied yet. */
  readonly pending: string[];
  /** Applied by a newer program and unknown to this one. */
  readonly unknown: string[];
}

export async function compareSchema(dataSource: DataSource): Promise<SchemaVerdict> {
  const known = dataSource.migrations.map((migration) => migration.name!);
  const rows: { present: boolean }[] = await dataSource.query(
    `select to_regclass('migrations') is not null as present`,
  );
  if (!rows[0]!.present) return { pending: known, unknown: [] };
  const applied: { name: string }[] = await dataSource.query(`select name from migrations order by id`);
  const names = applied.map((row) => row.name);
  return {
    pending: known.filter((name) => !names.includes(name)),
    unknown: names.filter((name) => !known.includes(name)),
  };
}
