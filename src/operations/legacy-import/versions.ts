import type { EntityManager } from 'typeorm';
import { nodesOnCycles } from './cycles';
import type { LegacyRun } from './legacy-run';
import { lookupKey, textArrayOf, userOf } from './sql';
import { IN_WINDOW, stepOverRows } from './window';

/** Edges in one fetch. */
const BATCH = 20_000;

/**
 * Imports the old history, and each element of its arrays of parents as an edge. Clients claimed these parents. So the
 * import keeps an edge that is unknown, null, a duplicate, to itself or on a cycle, and records its kind.
 */
export async function importVersions(run: LegacyRun): Promise<void> {
  await stepOverRows(run, 'version_history', 'version_history', async (manager, window) => {
    await manager.query(
      `with source as materialized (
         select r.source_key, nullif(r.row->>'version_id', '') as version, u.target_id as user_id, r.sort_at, r.row,
           ${textArrayOf(`coalesce(nullif(r.row->'parents', 'null'), r.row->'parent_versions')`)} as parents
         from legacy_rows r ${userOf('u', `r.row->>'user_id'`)} where ${IN_WINDOW}),
       rejected as (
         insert into legacy_quarantine (source_table, source_key, reason, row)
         select 'version_history', source_key, 'version-missing', row from source where version is null),
       edges as (
         insert into legacy_version_edges (source_key, position, version, parent, kind)
         select s.source_key, e.place, s.version, e.parent, case
           when e.parent is null then 'null'
           when e.parent = s.version then 'self'
           when e.parent = any (s.parents[:e.place - 1]) then 'duplicate'
           when exists (select from legacy_rows known
             where known.source_table in ('version_history', 'messages') and known.belongs_to = ${lookupKey('e.parent')}) then 'known'
           else 'unknown' end
         from source s cross join lateral unnest(s.parents) with ordinality as e (parent, place)
         where s.version is not null)
       insert into legacy_versions (source_key, version, user_id, parents, created_at)
       select source_key, version, user_id, parents, nullif(sort_at, '-infinity') from source where version is not null`,
      [...window.parameters],
    );
  });
  await run.analyze('legacy_versions', 'legacy_version_edges');
  await run.once('cycles', markCycles);
}

/** Marks the edges that lie on a cycle. */
async function markCycles(manager: EntityManager): Promise<void> {
  await manager.query(`
    create temp table legacy_nodes on commit drop as
    select version, (row_number() over (order by version collate "C") - 1)::integer as number
    from (select distinct version from legacy_versions) v`);
  await manager.query(`create index on legacy_nodes using hash (version)`);
  await manager.query(`analyze legacy_nodes`);
  const [{ nodes }] = await manager.query<[{ nodes: number }]>(`select count(*) as nodes from legacy_nodes`);
  const [{ edges }] = await manager.query<[{ edges: number }]>(
    `select count(*) as edges from legacy_version_edges where kind = 'known'`,
  );
  const from = new Int32Array(edges);
  const to = new Int32Array(edges);
  await manager.query(`
    declare legacy_edges no scroll cursor for
    select child.number as from, parent.number as to
    from legacy_version_edges e
    join legacy_nodes child on child.version = e.version
    join legacy_nodes parent on parent.version = e.parent
    where e.kind = 'known'`);
  let count = 0;
  for (;;) {
    const rows = await manager.query<{ from: number; to: number }[]>(`fetch ${BATCH} from legacy_edges`);
    if (rows.length === 0) break;
    for (const row of rows) {
      from[count] = row.from;
      to[count++] = row.to;
    }
  }
  const cyclic = nodesOnCycles(nodes, from.subarray(0, count), to.subarray(0, count));
  await manager.query(
    `with cyclic as (
       select n.version, c.component from unnest($1::integer[], $2::integer[]) as c (number, component)
       join legacy_nodes n on n.number = c.number)
     update legacy_version_edges e set kind = 'cycle'
     from cyclic child join cyclic parent on parent.component = child.component
     where e.kind = 'known' and e.version = child.version and e.parent = parent.version`,
    [[...cyclic.keys()], [...cyclic.values()]],
  );
}
