import { DataSource } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import { migrationOptions, type DatabaseSchema } from './database-options';
import { compareSchema } from '../migrations/compare-schema';
import { incompletenessOf, unusableSchema } from '../migrations/schema-verdict';
import { refuseOldTables } from './old-tables';
import { DatabaseUnusableError, MEND_SCHEMA } from './unusable-database';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Checks that the database has the complete schema of this program, and that the user has the rights to use it.
 * Reads only the catalogue.
 * @throws DatabaseUnusableError
 */
export async function verifySchema(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
): Promise<void> {
  const dataSource = await new DataSource(migrationOptions(url, configuration, schema)).initialize();
  try {
    await refuseOldTables((sql, values) => dataSource.query(sql, values));
    const verdict = await compareSchema(dataSource, schema);
    const fault = unusableSchema(verdict) ?? incompletenessOf(verdict);
    if (fault) throw fault;
    const damage = await damageOfSchema(dataSource, schema);
    if (damage.length > 0) {
      throw new DatabaseUnusableError(
        'schema-damaged',
        `The schema of the database is not complete: ${damage.join(', ')}. ${MEND_SCHEMA}`,
      );
    }
    const missing = await missingRights(dataSource, schema);
    if (missing.length > 0) {
      throw new DatabaseUnusableError(
        'right-missing',
        `The user of DATABASE_URL lacks privileges: ${missing.join(', ')}. Grant them.`,
      );
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    // The ledger is not readable, or the schema not usable: PostgreSQL's message names it.
    throw new DatabaseUnusableError(
      'right-missing',
      `The user of DATABASE_URL lacks privileges: ${message}. Grant them.`,
    );
  } finally {
    await dataSource.destroy();
  }
}

/** Objects that the entities need and the catalogue lacks, and invalid objects. */
export async function damageOfSchema(dataSource: DataSource, schema: DatabaseSchema): Promise<string[]> {
  const rows: { name: string; is_valid: boolean }[] = await dataSource.query(
    `select 'column ' || c.relname || '.' || a.attname as name, true as is_valid
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
     union all
     select 'index ' || c.relname, i.indisvalid
       from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = current_schema()::regnamespace
     union all
     select 'constraint ' || k.conname, k.convalidated
       from pg_constraint k
       where k.connamespace = current_schema()::regnamespace
     union all
     select 'function ' || f.signature, true
       from unnest($1::text[]) as f (signature) where to_regprocedure(f.signature) is not null`,
    [schema.functions],
  );
  const present = new Set(rows.map((row) => row.name));
  return [
    ...expectedParts(dataSource, schema).filter((part) => !present.has(part)),
    ...rows.filter((row) => !row.is_valid).map((row) => `invalid ${row.name}`),
  ].sort();
}

function expectedParts(dataSource: DataSource, schema: DatabaseSchema): string[] {
  const tables = dataSource.entityMetadatas;
  const constraints = tables.flatMap((table) => [
    ...table.uniques.map((unique) => unique.name),
    ...table.checks.map((check) => check.name),
    ...table.foreignKeys.map((key) => key.name),
    ...table.primaryColumns.flatMap((column) => column.primaryKeyConstraintName ?? []),
  ]);
  const parts = [
    ...tables.flatMap((table) =>
      table.columns.map((column) => `column ${table.tableName}.${column.databaseName}`),
    ),
    ...tables.flatMap((table) => table.indices.map((index) => `index ${index.name}`)),
    ...constraints.map((name) => `constraint ${name}`),
    ...schema.functions.map((signature) => `function ${signature}`),
  ];
  return [...new Set(parts)];
}

async function missingRights(dataSource: DataSource, schema: DatabaseSchema): Promise<string[]> {
  const rows: { missing: string }[] = await dataSource.query(
    `select p.privilege || ' on ' || t.name as missing
       from unnest($1::text[]) as t (name), unnest(array['select', 'insert', 'update', 'delete']) as p (privilege)
       where not has_table_privilege(t.name, p.privilege)
     union all
     select 'execute on ' || f.signature
       from unnest($2::text[]) as f (signature) where not has_function_privilege(f.signature, 'execute')
     union all
     select p.privilege || ' on ' || s.name
       from unnest($3::text[]) as s (name), unnest(array['usage', 'update']) as p (privilege)
       where not has_sequence_privilege(s.name, p.privilege)
     order by missing`,
    [dataSource.entityMetadatas.map((table) => table.tableName), schema.functions, schema.sequences ?? []],
  );
  return rows.map((row) => row.missing);
}
