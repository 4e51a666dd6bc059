import { DataSource } from 'typeorm';
import { isBackupProven } from '../backups/is-backup-proven';
import { archiveLegacy } from '../legacy-import/archive';
import { importLegacy } from '../legacy-import/import';
import { withLegacyLock } from '../legacy-import/lock';
import type { Progress } from '../legacy-import/legacy-run';
import { rollbackLegacy } from '../legacy-import/rollback';
import { LegacyError, LegacySource, type SourceAddress } from '../legacy-import/source';
import { verifyLegacy } from '../legacy-import/verify';
import type { Configuration } from '../../platform/configuration/configuration';
import { migrationOptions } from '../../platform/database/database-options';
import { readInstallationOf } from '../../platform/database/installation.queries';
import { verifySchema } from '../../platform/database/verify-schema';
import { foreign } from '../../platform/logging/foreign-text';
import { SCHEMA } from '../../schema';
import { note, print } from './output';
import { withDatabase } from './with-database';

interface SourceOptions {
  json?: boolean;
  schema?: string;
  sourceUrl?: string;
}

interface ImportOptions extends SourceOptions {
  owner?: string;
  title?: string;
}

export async function legacyImportCommand(options: ImportOptions): Promise<void> {
  await withLegacy(options, async (dataSource, source) => {
    const report = await importLegacy(dataSource, source, options, showProgress());
    const tables = report.tables.map(
      ({ table, source: rows, imported, quarantined }) =>
        `${table}: ${rows} rows, ${imported} imported, ${quarantined} quarantined`,
    );
    const findings = Object.entries(report.findings).map(([kind, count]) => `  ${kind}: ${count}`);
    print(
      options,
      [`imported from ${foreign(report.source)}`, ...tables, 'findings:', ...findings].join('\n'),
      {
        ok: true,
        ...report,
      },
    );
  });
}

/** Exits with 1 if something differs. */
export async function legacyVerifyCommand(options: SourceOptions): Promise<void> {
  await withLegacy(options, async (dataSource, source) => {
    const report = await verifyLegacy(dataSource, source, showProgress());
    const { ok, source: rows, imported, quarantined, differences } = report;
    const text = [
      `${rows} old rows: ${imported} imported, ${quarantined} quarantined`,
      ...differences.map(({ kind, where }) => `${kind}: ${foreign(where)}`),
      ok ? 'the imported data equals the old tables' : 'the imported data differs from the old tables',
    ];
    print(options, text.join('\n'), report);
    if (!ok) process.exitCode = 1;
  });
}

export async function legacyRollbackCommand(options: SourceOptions): Promise<void> {
  await withLegacy(options, async (dataSource, source) => {
    await rollbackLegacy(dataSource, showProgress());
    print(options, `the import from ${foreign(source.name)} was rolled back`, {
      ok: true,
      source: source.name,
    });
  });
}

export async function legacyArchiveCommand(options: SourceOptions): Promise<void> {
  await withLegacy(options, async (dataSource, source, { backupFolder }) => {
    await archiveLegacy(dataSource, source, async () =>
      isBackupProven(backupFolder, await readInstallationOf(dataSource)),
    );
    print(options, `the tables of ${foreign(source.name)} are now in the schema legacy_archive`, {
      ok: true,
      source: source.name,
    });
  });
}

/** Opens the database and the old tables, and holds the lock that excludes other legacy commands. */
async function withLegacy(
  options: SourceOptions,
  work: (dataSource: DataSource, source: LegacySource, configuration: Configuration) => Promise<void>,
): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const address = addressOf(options);
    await verifySchema(url, configuration, SCHEMA);
    const direct = configuration.DIRECT_DATABASE_URL ?? url;
    await withLegacyLock(direct, async () => {
      const source = await LegacySource.connect(direct, address);
      const dataSource = await openDataSource(url, configuration);
      try {
        await work(dataSource, source, configuration);
      } finally {
        await dataSource.destroy();
        await source.close();
      }
    });
  });
}

const openDataSource = (url: string, configuration: Configuration): Promise<DataSource> =>
  new DataSource(
    migrationOptions(configuration.DIRECT_DATABASE_URL ?? url, configuration, SCHEMA),
  ).initialize();

function addressOf({ schema, sourceUrl }: SourceOptions): SourceAddress {
  if ((schema === undefined) === (sourceUrl === undefined))
    throw new LegacyError('Name the location of the old tables: either --schema NAME or --source-url URL.');
  return schema === undefined ? { url: sourceUrl! } : { schema };
}

const PROGRESS_INTERVAL_MS = 1_000;

/** Writes a line to standard error for each step, and for each second of a step. */
function showProgress(): Progress {
  let current = '';
  let shownAt = 0;
  return (step, done) => {
    const now = performance.now();
    if (step === current && now - shownAt < PROGRESS_INTERVAL_MS) return;
    current = step;
    shownAt = now;
    note(`${step}: ${done} rows`);
  };
}
