import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadConfiguration } from './src/platform/configuration/load-configuration';
import { migrationOptions } from './src/platform/database/database-options';
import { SCHEMA } from './src/schema';

// For TypeORM's command line, which has a connection of its own to a database that runs already:
//   DATABASE_URL=postgres://… node -r @swc-node/register node_modules/typeorm/cli.js migration:show -d ormconfig.ts
const configuration = loadConfiguration({ ...process.env, NODE_ENV: 'development' });
const url = configuration.DIRECT_DATABASE_URL ?? configuration.DATABASE_URL ?? '';

export default new DataSource(migrationOptions(url, configuration, SCHEMA));
