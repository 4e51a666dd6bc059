import type { EntityManager } from 'typeorm';
import type { IntegrityCheck } from './finding';

/** Finds objects that the database itself marks as unfinished. */
export const CATALOGUE: readonly IntegrityCheck[] = [
  {
    kind: 'unvalidated-constraint',
    sql: `
      select conname as place, format('of %s was never validated for the rows that were there', conrelid::regclass) as detail
      from pg_constraint where not convalidated and connamespace = 'public'::regnamespace`,
  },
  {
    kind: 'invalid-index',
    sql: `
      select i.indexrelid::regclass::text as place,
        format('of %s is half built: drop it and build it again', i.indrelid::regclass) as detail
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = 'public'::regnamespace and not (i.indisvalid and i.indisready)`,
  },
  {
    kind: 'unenforced-constraint',
    // Foreign keys are triggers, which "disable trigger all" switches off.
    sql: `
      select distinct k.conname as place, format('of %s is switched off: alter table … enable trigger all', k.conrelid::regclass) as detail
      from pg_trigger t join pg_constraint k on k.oid = t.tgconstraint
      where t.tgisinternal and t.tgenabled in ('D', 'R') and k.connamespace = 'public'::regnamespace`,
  },
];

interface ForeignKey {
  name: string;
  child: string;
  parent: string;
  child_columns: string[];
  parent_columns: string[];
}

/**
 * Checks each foreign key of the database with an anti-join, also those of later migrations. A constraint that was not
 * validated, or was disabled for a while, does not prove its rows.
 */
export async function orphanChecks(manager: EntityManager): Promise<IntegrityCheck[]> {
  const keys: ForeignKey[] = await manager.query(`
    select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
      array(select quote_ident(a.attname) from unnest(k.conkey) with ordinality as n (number, place)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.number order by n.place) as child_columns,
      array(select quote_ident(a.attname) from unnest(k.confkey) with ordinality as n (number, place)
            join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.number order by n.place) as parent_columns
    from pg_constraint k where k.contype = 'f' and k.connamespace = 'public'::regnamespace order by k.conname`);
  return keys.map(({ name, child, parent, child_columns: from, parent_columns: to }) => ({
    kind: 'orphan',
    sql: `
      select '${name}' as place, format('%s rows of ${child} name a row of ${parent} that does not exist, such as %s',
        count(*), min(concat_ws(', ', ${from.map((column) => `c.${column}`).join(', ')}))) as detail
      from ${child} c
      where ${from.map((column) => `c.${column} is not null`).join(' and ')}
        and not exists (select from ${parent} p
          where ${to.map((column, index) => `p.${column} = c.${from[index]}`).join(' and ')})
      having count(*) > 0`,
  }));
}
