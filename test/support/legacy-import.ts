import { DataSource } from 'typeorm';
import {
  importLegacy,
  type ImportOptions,
  type ImportReport,
} from '../../src/operations/legacy-import/import';
import type { Progress } from '../../src/operations/legacy-import/legacy-run';
import { LegacySource, type SourceAddress } from '../../src/operations/legacy-import/source';
import { verifyLegacy, type VerifyReport } from '../../src/operations/legacy-import/verify';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrationOptions } from '../../src/platform/database/database-options';
import { SCHEMA } from '../../src/schema';

/** Opens the connections that a legacy command uses. */
export async function withLegacySource<T>(
  url: string,
  address: SourceAddress,
  work: (dataSource: DataSource, source: LegacySource) => Promise<T>,
): Promise<T> {
  const source = await LegacySource.connect(url, address);
  try {
    const dataSource = await new DataSource(
      migrationOptions(url, loadConfiguration({}), SCHEMA),
    ).initialize();
    try {
      return await work(dataSource, source);
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await source.close();
  }
}

export function runImport(
  url: string,
  address: SourceAddress,
  options: ImportOptions = {},
  progress: Progress = () => undefined,
): Promise<ImportReport> {
  return withLegacySource(url, address, (dataSource, source) =>
    importLegacy(dataSource, source, options, progress),
  );
}

export function runVerify(url: string, address: SourceAddress): Promise<VerifyReport> {
  return withLegacySource(url, address, (dataSource, source) =>
    verifyLegacy(dataSource, source, () => undefined),
  );
}
