import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { joinDatabase, type DatabaseSource } from '../../platform/database/database-source';
import type { Configuration } from '../../platform/configuration/configuration';
import { loadConfiguration, unsupportedVariables } from '../../platform/configuration/load-configuration';
import { migrationOptions } from '../../platform/database/database-options';
import { unknownVariables } from '../../platform/configuration/unknown-variables';
import { verifyDatabase, verifyDirectly } from '../../platform/database/verify-database';
import { PACKAGE_ROOT } from '../../platform/package-root';
import { green, person, red, type ChecklistItem, type PreflightOptions } from '../preflight/checklist';
import { CHECK_NAMES, confirm, cutShort, preflight } from '../preflight/preflight';
import { SCHEMA } from '../../schema';
import { version } from '../../platform/version';
import { VERDICTS } from './exit-codes';
import { fail, print, progress, stayAlive } from './output';
import { preflightText } from './preflight-text';

interface Options extends Omit<PreflightOptions, 'alertRules'> {
  json?: boolean;
  alertRules?: string;
  confirm?: string[];
}

const ALERT_RULES = join(PACKAGE_ROOT, 'deploy/monitoring/alerts.yml');

/** Exits with 30 if any item is red, and with 31 if none is red but a person must decide. */
export async function preflightCommand(options: Options): Promise<void> {
  const release = stayAlive();
  try {
    const { confirm: confirmed = [], alertRules = ALERT_RULES } = options;
    const unknown = confirmed.filter((name) => !CHECK_NAMES.includes(name));
    if (unknown.length > 0)
      throw new Error(`There is no check "${unknown[0]}"; the checks are ${CHECK_NAMES.join(', ')}.`);
    const checks = confirm(await look({ ...options, alertRules }), confirmed);
    const go = checks.every(({ status }) => status === 'green');
    progress('');
    print(options, preflightText(version, checks), { go, checks });
    const isRed = checks.some(({ status }) => status === 'red');
    process.exitCode = isRed ? VERDICTS.noGo : go ? 0 : VERDICTS.needsPerson;
  } catch (error) {
    fail(error);
  } finally {
    release();
  }
}

/** Checks the configuration, then the database, then the rest. A fault of the first two ends the list. */
async function look(options: PreflightOptions): Promise<ChecklistItem[]> {
  let configuration: Configuration;
  try {
    configuration = loadConfiguration(process.env);
  } catch (error) {
    return cutShort([{ name: 'configuration', ...red((error as Error).message) }]);
  }
  const idle = unsupportedVariables(process.env);
  const unknown = unknownVariables(process.env);
  const first: ChecklistItem = {
    name: 'configuration',
    ...(idle.length > 0
      ? red(`this version ignores ${idle.join(', ')}: unset them`)
      : unknown.length > 0
        ? person(unknown.join('; '))
        : green(`valid, for ${configuration.NODE_ENV}`)),
  };
  // A server waits for its database at start-up; this command reports at once.
  configuration.DATABASE_START_TIMEOUT_MS = 0;
  let database: DatabaseSource;
  try {
    database = await joinDatabase(configuration, () => undefined);
  } catch (error) {
    return cutShort([first, { name: 'database', ...red((error as Error).message) }]);
  }
  try {
    return [first, ...(await lookAt(database, configuration, options))];
  } catch (error) {
    return cutShort([first, { name: 'database', ...red((error as Error).message) }]);
  } finally {
    await database.close();
  }
}

async function lookAt(
  { url, isEmbedded }: DatabaseSource,
  configuration: Configuration,
  options: PreflightOptions,
): Promise<ChecklistItem[]> {
  const facts = await verifyDatabase(url, configuration, () => undefined);
  await verifyDirectly(configuration, () => undefined);
  const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
  try {
    const ground = { url, isEmbedded, configuration, facts, dataSource, options, progress };
    return await preflight({ ...ground, schema: SCHEMA });
  } finally {
    await dataSource.destroy();
  }
}
