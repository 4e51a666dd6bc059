import { withClient } from './databases';

/** The whole schema from the catalogue as text, without the two tables that record its migrations. */
export async function catalogue(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(`
      select format('column %s.%s %s %s %s %s', c.table_name, c.column_name, c.data_type, c.is_nullable,
          c.column_default, c.collation_name) as line
        from information_schema.columns c where c.table_schema = 'public'
      union all select format('comment on %s.%s %s', objoid::regclass, coalesce(attname, 'itself'), description)
        from pg_description d join pg_class on pg_class.oid = objoid
        left join pg_attribute on attrelid = objoid and attnum = objsubid and attnum > 0
        where d.classoid = 'pg_class'::regclass and relnamespace = 'public'::regnamespace
      union all select format('constraint %s %s', conname, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
          and conrelid is distinct from to_regclass('migrations')
      union all select format('index %s', indexdef) from pg_indexes where schemaname = 'public'
      union all select format('function %s', pg_get_functiondef(oid))
        from pg_proc where pronamespace = 'public'::regnamespace
      order by line`);
    return rows
      .map((row) => row.line)
      .filter((line) => !/\bmigrations\b|\bmigrations_(pkey|id)|migration_ledger/.test(line));
  });
}
