import type { DataMigrationProgress } from '../../platform/migrations/data-migrations';
import type { LedgerEntry } from '../../platform/migrations/ledger';
import type { MigrationPlan, PlannedLock, PlannedMigration } from '../../platform/migrations/plan';
import { describeMigration, fileOf } from '../../platform/migrations/recorded-migration';
import type { SchemaVerdict } from '../../platform/migrations/schema-verdict';
import type { Migrated } from '../../platform/migrations/steps';

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export function planText(plan: MigrationPlan, refusal: string | undefined): string {
  if (refusal !== undefined) return refusal;
  const { migrations, dataMigrations, rebuild, verdict } = plan;
  if (migrations.length + dataMigrations.length + rebuild.length === 0) return 'nothing to do';
  return [
    `${count(migrations.length, 'migration')} to run; the schema is of ${verdict.schemaVersion || 'no version yet'}`,
    ...rebuild.map((index) => `index ${index} is incomplete and will be rebuilt without locks`),
    ...migrations.flatMap(migrationText),
    ...dataMigrations.map(dataText),
  ].join('\n');
}

function migrationText(migration: PlannedMigration): string[] {
  const { name, isTransactional, statements, locks, unknown, irreversible } = migration;
  return [
    `${describeMigration(name)}: ${count(statements, 'statement')}${isTransactional ? '' : ', outside of a transaction'}`,
    ...(locks.length === 0 ? ['  locks no existing table'] : locks.map(lockText)),
    ...unknown.map((statement) => `  read this statement: ${statement.trim().split('\n')[0]}`),
    ...(irreversible === null ? [] : [`  cannot be reverted: ${irreversible}`]),
  ];
}

function lockText({ table, mode, rows, waiters }: PlannedLock): string {
  return `  ${mode} on ${table} (${rows === null ? 'never counted' : `about ${count(rows, 'row')}`}): ${waiters}`;
}

function dataText({ name, state, rowsDone, rate }: DataMigrationProgress): string {
  const limit = rate === null ? '' : `, ${rate} a second at most`;
  return `${describeMigration(name)}: ${state}, ${count(rowsDone, 'row')} done${limit}`;
}

export function migratedText({ applied, mended, dataMigrations, waiting }: Migrated): string {
  const lines = [
    ...mended.map((index) => `rebuilt: index ${index}`),
    ...(applied.length > 0 ? [`applied: ${applied.join(', ')}`] : []),
    ...dataMigrations.map(({ name, state, rows }) => `${name}: ${state}, ${count(rows, 'row')} processed`),
    ...(waiting.length > 0 ? [`waiting for a paused data migration: ${waiting.join(', ')}`] : []),
  ];
  return lines.join('\n') || 'nothing to do';
}

export function undoneText(undone: readonly string[]): string {
  return undone.length > 0 ? `reverted: ${undone.join(', ')}` : 'nothing to revert';
}

export function statusText(
  ledger: readonly LedgerEntry[],
  verdict: SchemaVerdict,
  dataMigrations: readonly DataMigrationProgress[],
  fault: string | undefined,
): string {
  return [
    ...ledger.map(entryText),
    ...verdict.pending.map((name) => `${fileOf(name)}: pending`),
    ...dataMigrations.map(dataText),
    fault ?? 'the database and this program agree',
  ].join('\n');
}

function entryText({ name, checksum, appliedAt, appVersion, durationMs }: LedgerEntry): string {
  const file = fileOf(name);
  if (checksum === undefined) return `${file}: applied, not in the ledger yet`;
  if (!appliedAt) return `${file}: started by ${appVersion ?? 'an unknown version'} and not finished`;
  if (appVersion === undefined) return `${file}: applied before the ledger existed`;
  return `${file}: applied ${appliedAt.toISOString()} by ${appVersion} in ${durationMs} ms`;
}
