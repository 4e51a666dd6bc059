import { DataSource } from 'typeorm';
import type { Configuration } from '../../platform/configuration/configuration';
import { migrationOptions, type DatabaseSchema } from '../../platform/database/database-options';

/**
 * Connects as the user of `DIRECT_DATABASE_URL`, if it is set, else as that of `url`. To compare the whole schema, a user
 * has to be allowed to create one. The owner of the tables usually is, and the user of a server is not.
 */
export async function asOwner<T>(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const direct = configuration.DIRECT_DATABASE_URL ?? url;
  const dataSource = await new DataSource(migrationOptions(direct, configuration, schema)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
