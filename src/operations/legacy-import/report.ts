import type { EntityManager } from 'typeorm';
import type { LegacyRun } from './legacy-run';
import { timeOf } from './sql';

/** A message counts as possibly overwritten if its client's time is later than its storage by more than this. */
const LATE = `interval '1 hour'`;

/** Reports losses of the old server: missing versions, and rows that a later message seems to have overwritten. */
export async function reportLosses(run: LegacyRun): Promise<void> {
  await run.once('report', async (manager) => {
    await manager.query(
      `insert into legacy_findings (kind, source_table, source_key, detail)
       select 'versions-missing', 'messages', 'v' || previous + 1,
         case number - previous when 2 then format('v%s is missing', previous + 1)
           else format('v%s to v%s are missing', previous + 1, number - 1) end
       from (
         select number, lag(number, 1, 0) over (order by number) as previous from (
           select distinct substr(belongs_to, 2)::bigint as number from legacy_rows
           where source_table = 'messages' and belongs_to ~ '^v[1-9]\\d{0,17}$') numbers) pairs
       where number - previous > 1`,
    );
    await manager.query(
      `insert into legacy_findings (kind, source_table, source_key, detail)
       select 'maybe-overwritten', 'messages', source_key,
         format('its timestamp is %s later than created_at', client_time - sort_at)
       from (select source_key, sort_at, ${timeOf('row', 'timestamp')} as client_time from legacy_rows
             where source_table = 'messages' and sort_at > '-infinity') timed
       where client_time > sort_at + ${LATE}`,
    );
    await manager.query(
      `insert into legacy_findings (kind, source_table, source_key, detail)
       select 'time-in-future', source_table, source_key,
         format('%s was in the future, and is the time of the import now', row->>'created_at')
       from legacy_rows cross join legacy_imports where sort_at > started_at`,
    );
    await manager.query(
      `insert into legacy_findings (kind, source_table, source_key, detail)
       select 'time-unreadable', source_table, source_key, format('created_at is %s, which is no time', row->>'created_at')
       from legacy_rows where sort_at = '-infinity' and row->>'created_at' is not null`,
    );
  });
}

export interface TableReport {
  readonly table: string;
  readonly source: number;
  readonly imported: number;
  readonly quarantined: number;
}

/** Counts the outcome of the rows of each old table from the stored data. */
export async function tableReports(manager: EntityManager): Promise<TableReport[]> {
  return manager.query(`
    select source.source_table as table, source.count as source, coalesce(imported.count, 0) as imported,
      coalesce(quarantined.count, 0) as quarantined
    from (select source_table, count(*) from legacy_rows group by 1) source
    left join (
      select source_table, count(*) from (
        select source_table from legacy_mappings
        union all select source_table from legacy_message_origins
        union all select 'version_history' from legacy_versions) kept group by 1) imported using (source_table)
    left join (select source_table, count(*) from legacy_quarantine group by 1) quarantined using (source_table)
    order by 1`);
}

/** Counts the findings by kind, quarantined rows by reason, and edges by kind. */
export async function findingCounts(manager: EntityManager): Promise<Record<string, number>> {
  const rows = await manager.query<{ kind: string; count: number }[]>(`
    select kind, count(*) as count from legacy_findings group by 1
    union all select 'quarantined ' || source_table || ' ' || reason, count(*) from legacy_quarantine group by 1
    union all select 'parent-' || kind, count(*) from legacy_version_edges where kind <> 'known' group by 1
    union all select 'parents-null', count(*) from legacy_versions where parents is null having count(*) > 0
    union all select 'parents-empty', count(*) from legacy_versions where parents = '{}' having count(*) > 0
    order by 1`);
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}
