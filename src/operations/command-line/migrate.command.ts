import type { QueryRunner } from 'typeorm';
import { foreign } from '../../platform/logging/foreign-text';
import { backUpBeforeMigrating } from '../backups/back-up-before-migrating';
import {
  dataMigrationProgress,
  pauseDataMigration,
  resumeDataMigration,
} from '../../platform/migrations/data-migrations';
import { readLedger } from '../../platform/migrations/ledger';
import { migrate, migrateDown } from '../../platform/migrations/migrate';
import { planMigration } from '../../platform/migrations/plan';
import { recordMigrations } from '../../platform/migrations/recorded-migration';
import { incompletenessOf, judgeSchema, unusableSchema } from '../../platform/migrations/schema-verdict';
import { withDirectSession } from '../../platform/migrations/session';
import { damageOfSchema } from '../../platform/database/verify-schema';
import { EXIT_CODES, type DatabaseUnusableError } from '../../platform/database/unusable-database';
import { SCHEMA } from '../../schema';
import { migratedText, planText, statusText, undoneText } from './migrate-text';
import { note, print, progress } from './output';
import { withDatabase } from './with-database';

interface Options {
  json?: boolean;
}

const withSession = (work: (session: QueryRunner) => Promise<void>): Promise<void> =>
  withDatabase((url, configuration) => withDirectSession(url, configuration, SCHEMA, work));

/** Prints the fault, and exits with its code. */
function conclude(fault: DatabaseUnusableError | undefined): void {
  if (fault) process.exitCode = fault.exitCode;
}

export async function migratePlanCommand(options: Options): Promise<void> {
  await withSession(async (session) => {
    const plan = await planMigration(session, SCHEMA);
    const refusal = unusableSchema(plan.verdict);
    print(options, planText(plan, refusal?.message), { ok: !refusal, refusal: refusal?.message, ...plan });
    conclude(refusal);
  });
}

export async function migrateUpCommand(
  options: Options & { patience: number; backup: boolean },
): Promise<void> {
  await withDatabase(async (url, configuration, isEmbedded) => {
    const context = {
      url,
      isEmbedded,
      configuration,
      schema: SCHEMA,
      progress,
      warn: note,
    };
    const migrated = await migrate(url, configuration, SCHEMA, {
      beforeMigrating: options.backup ? backUpBeforeMigrating(context, note) : undefined,
      progress: note,
      patienceMs: options.patience * 1_000,
    });
    print(options, migratedText(migrated), migrated);
  });
}

export async function migrateDownCommand(
  options: Options & { to?: string; patience: number },
): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const undone = await migrateDown(url, configuration, SCHEMA, {
      to: options.to,
      progress: note,
      patienceMs: options.patience * 1_000,
    });
    print(options, undoneText(undone), { ok: true, undone });
  });
}

/** Always exits with 0: it only reports; `verify` judges. */
export async function migrateStatusCommand(options: Options): Promise<void> {
  await withSession(async (session) => {
    const ledger = await readLedger(session);
    const verdict = judgeSchema(await recordMigrations(SCHEMA.migrations), ledger);
    const dataMigrations = await dataMigrationProgress(session, SCHEMA.dataMigrations);
    const fault = unusableSchema(verdict) ?? incompletenessOf(verdict);
    const data = { ...verdict, fault: fault?.fault ?? null, ledger, dataMigrations };
    print(options, statusText(ledger, verdict, dataMigrations, fault?.message), data);
  });
}

export async function migrateVerifyCommand(options: Options): Promise<void> {
  await withSession(async (session) => {
    const verdict = judgeSchema(await recordMigrations(SCHEMA.migrations), await readLedger(session));
    const fault = unusableSchema(verdict) ?? incompletenessOf(verdict);
    const damage = fault ? [] : await damageOfSchema(session.dataSource, SCHEMA);
    const text = [
      fault?.message ?? `the ledger is in order: ${verdict.applied.length} migrations`,
      ...damage.map((part) => `the schema is not complete: ${part}`),
      ...(fault || damage.length > 0 ? [] : ['the schema is complete']),
    ];
    print(options, text.join('\n'), {
      ok: !fault && damage.length === 0,
      fault: fault?.fault ?? (damage.length > 0 ? 'schema-damaged' : null),
      message: fault?.message ?? null,
      damage,
    });
    conclude(fault);
    if (damage.length > 0) process.exitCode = EXIT_CODES['schema-damaged'];
  });
}

export async function migratePauseCommand(name: string, options: Options): Promise<void> {
  await withSession(async (session) => {
    await pauseDataMigration(session, knownDataMigration(name));
    print(options, `${name} is paused; \`npx xfchat migrate resume ${name}\` resumes it`, {
      name,
      state: 'paused',
    });
  });
}

export async function migrateResumeCommand(
  name: string,
  options: Options & { rate?: number },
): Promise<void> {
  await withSession(async (session) => {
    const rate = options.rate ?? null;
    await resumeDataMigration(session, knownDataMigration(name), rate);
    print(options, `the next \`npx xfchat migrate up\` continues ${name}`, {
      name,
      state: 'running',
      rate,
    });
  });
}

function knownDataMigration(name: string): string {
  if (SCHEMA.dataMigrations.some((migration) => migration.name === name)) return name;
  throw new Error(`There is no data migration "${foreign(name)}"; \`npx xfchat migrate status\` lists them.`);
}
