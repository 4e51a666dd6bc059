import type { QueryRunner } from 'typeorm';
import type { DatabaseSchema } from '../database/database-options';
import { applyMigration } from './apply-migration';
import { dataMigrationProgress, runDataMigration, type DataMigrationState } from './data-migrations';
import type { DataMigration } from './data-migration';
import type { ExclusiveSession } from './exclusive-session';
import type { Patience } from './lock-retries';
import { describeMigration, timestampOf, type RecordedMigration } from './recorded-migration';

type Step = { readonly schema: RecordedMigration } | { readonly data: DataMigration };

export interface Migrated {
  /** Names, in the order in which they were applied. */
  readonly applied: string[];
  /** Half-built indexes that were rebuilt. */
  readonly mended: string[];
  /** Data migrations that ran: to their end, unless an operator paused them. */
  readonly dataMigrations: { name: string; state: DataMigrationState; rows: number }[];
  /** Migrations that wait for a paused data migration. */
  readonly waiting: string[];
}

/** Migrations and data migrations by their timestamps: a migration may depend on the data migrations before it. */
export async function openSteps(
  { session, known, verdict }: ExclusiveSession,
  schema: DatabaseSchema,
): Promise<Step[]> {
  const open = new Set([...verdict.pending, ...verdict.halfApplied]);
  const progress = await dataMigrationProgress(session, schema.dataMigrations);
  for (const { name, state } of progress) if (state !== 'done') open.add(name);
  const steps: Step[] = [
    ...known.map((recorded) => ({ schema: recorded })),
    ...schema.dataMigrations.map((data) => ({ data })),
  ];
  return steps
    .filter((step) => open.has(nameOf(step)))
    .sort((a, b) => timestampOf(nameOf(a)) - timestampOf(nameOf(b)));
}

export const nameOf = (step: Step): string => ('schema' in step ? step.schema.name : step.data.name);

/**
 * Runs the steps in order and records them in `result`. It stops before steps that wait for a paused data
 * migration.
 */
export async function takeSteps(
  session: QueryRunner,
  steps: readonly Step[],
  patience: Patience,
  result: Migrated,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if ('schema' in step) {
      const { name } = step.schema;
      const durationMs = await applyMigration(session, step.schema, patience);
      patience.progress(`${describeMigration(name)}: applied in ${Math.round(durationMs)} ms`);
      result.applied.push(name);
      continue;
    }
    const { state, rows } = await runDataMigration(session, step.data, patience);
    result.dataMigrations.push({ name: step.data.name, state, rows });
    if (state === 'paused') {
      result.waiting.push(...steps.slice(index + 1).map(nameOf));
      return;
    }
  }
}
