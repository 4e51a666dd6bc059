import { DataSource } from 'typeorm';
import type { Configuration } from '../../platform/configuration/configuration';
import { migrationOptions } from '../../platform/database/database-options';
import { SCHEMA } from '../../schema';
import { withDatabase } from './with-database';

/** Runs a command with a TypeORM data source for the configured database. */
export async function withDataSource(
  work: (dataSource: DataSource, configuration: Configuration) => Promise<void>,
): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
    try {
      await work(dataSource, configuration);
    } finally {
      await dataSource.destroy();
    }
  });
}
