import type { DataSource, EntityManager } from 'typeorm';
import { LegacyRun, type Progress } from './legacy-run';
import { tableReports, type TableReport } from './report';
import type { LegacySource } from './source';
import { LegacyError } from './source';
import { DIFFERENCES } from './verify.queries';

/** The most differences that one comparison reports. */
const MAX_DIFFERENCES = 100;
const BATCH = 5_000;

/** A row, an edge or a conversation that differs from the old tables, and how. */
export interface Difference {
  readonly kind: string;
  readonly where: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** Rows of the old tables now; those that were imported; those in quarantine. */
  readonly source: number;
  readonly imported: number;
  readonly quarantined: number;
  readonly tables: TableReport[];
  readonly differences: Difference[];
}

/**
 * Compares the current old tables with the rows that were read, and those with the stored ones. It compares row by row,
 * edge by edge, and each conversation by the count and digest of its messages. When nothing differs, the import counts
 * as verified. Run it before people use the imported data, since their changes differ.
 * @throws LegacyError when nothing was imported
 */
export async function verifyLegacy(
  dataSource: DataSource,
  source: LegacySource,
  progress: Progress,
): Promise<VerifyReport> {
  const run = new LegacyRun(dataSource, progress);
  return run.inUtc(async (manager) => {
    const [state] = await manager.query<{ phase: string; source: string }[]>(
      `select phase, source from legacy_imports`,
    );
    if (!state) throw new LegacyError('Nothing was imported into this database.');
    if (!source.isCalled(state.source)) throw new LegacyError(`The imported data is from ${state.source}.`);
    const rows = await readDigests(manager, source, progress);
    const differences: Difference[] =
      state.phase === 'imported' ? [] : [{ kind: `import-${state.phase}`, where: source.name }];
    for (const { kind, sql } of DIFFERENCES) {
      progress(`compare ${kind}`, rows);
      const found = await manager.query<{ place: string }[]>(
        `select place::text from (${sql}) found order by place limit ${MAX_DIFFERENCES}`,
      );
      differences.push(...found.map(({ place }) => ({ kind, where: place })));
    }
    const tables = await tableReports(manager);
    const sum = (count: 'imported' | 'quarantined'): number =>
      tables.reduce((total, table) => total + table[count], 0);
    const [imported, quarantined] = [sum('imported'), sum('quarantined')];
    const ok = differences.length === 0 && imported + quarantined === rows;
    await manager.query(
      `update legacy_imports set verified_at = case when $1 then coalesce(verified_at, now()) end`,
      [ok],
    );
    return { ok, source: rows, imported, quarantined, tables, differences };
  });
}

/** Writes the digests of all rows of the source into a temporary table, and returns their number. */
async function readDigests(
  manager: EntityManager,
  source: LegacySource,
  progress: Progress,
): Promise<number> {
  await manager.query(`
    create temp table legacy_seen (source_table text collate "C", source_key text collate "C", digest text)
    on commit drop`);
  let total = 0;
  await source.reading(async () => {
    for (const table of source.tables) {
      for await (const rows of source.rows(table, null, BATCH)) {
        // This server computes the digest: the source's server may format the same JSON differently.
        await manager.query(
          `insert into legacy_seen select $1, s.key, md5(s.row::jsonb::text) from unnest($2::text[], $3::text[]) as s (key, row)`,
          [table.name, rows.map(({ key }) => key), rows.map(({ row }) => row)],
        );
        total += rows.length;
        progress('read again', total);
      }
    }
  });
  await manager.query(`analyze legacy_seen`);
  return total;
}
