import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadConfiguration } from './src/platform/configuration/load-configuration';
import { migrationOptions } from './src/platform/database/database-options';

// For TypeORM's command line:
//   DATABASE_URL=postgres://… node -r @swc-node/register node_modules/typeorm/cli.js migration:show -d ormconfig.ts
const configuration = loadConfiguration({ ...process.env, NODE_ENV: 'development' });

export default new DataSource(
  migrationOptions(configuration.DIRECT_DATABASE_URL ?? configuration.DATABASE_URL ?? '', configuration),
);
