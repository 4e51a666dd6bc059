import { foreign } from '../../platform/logging/foreign-text';
import { isSqlState } from '../../platform/database/sql-state';
import { planMigration } from '../../platform/migrations/plan';
import type { ChecklistItem, ItemResult, Ground, Surroundings } from './checklist';
import { checkDatabase, checkLatency, checkPool } from './database-checks';
import { checkFlags } from './flag-check';
import { checkRedis } from './redis-check';
import { checkAlerts, checkTests } from './release-checks';
import { checkData, checkMigrations, checkRollback } from './schema-checks';
import { checkBackup, checkDisk } from './store-checks';

const CHECKS: Record<string, (ground: Ground) => ItemResult | Promise<ItemResult>> = {
  database: checkDatabase,
  latency: checkLatency,
  pool: checkPool,
  redis: checkRedis,
  migrations: checkMigrations,
  rollback: checkRollback,
  backup: checkBackup,
  integrity: checkData,
  disk: checkDisk,
  flags: checkFlags,
  alerts: checkAlerts,
  tests: checkTests,
};

export const CHECK_NAMES: readonly string[] = ['configuration', ...Object.keys(CHECKS)];

/** Runs the checks before a deployment one after the other. A check that throws is red and gives the reason. */
export async function preflight(
  surroundings: Surroundings,
  names = Object.keys(CHECKS),
): Promise<ChecklistItem[]> {
  const plan = planMigration(surroundings.dataSource, surroundings.schema);
  await plan.catch(() => undefined); // told by each check that needs it
  const ground = { ...surroundings, plan };
  const checks: ChecklistItem[] = [];
  for (const name of names) {
    const look = CHECKS[name]!;
    ground.progress(name);
    const finding = await Promise.resolve()
      .then(() => look(ground))
      .catch((error: Failure): ItemResult => ({ status: 'red', evidence: reasonOf(error) }));
    checks.push({ name, ...finding });
  }
  return checks;
}

export const NOT_LOOKED_AT = 'not checked';

/** Completes a list that ends at a red check which the others depend on. */
export function cutShort(done: readonly ChecklistItem[]): ChecklistItem[] {
  const evidence = `${NOT_LOOKED_AT}: ${done.at(-1)!.name} must be green first`;
  const rest = CHECK_NAMES.slice(done.length);
  return [...done, ...rest.map((name) => ({ name, status: 'red' as const, evidence }))];
}

/** Turns the items that a person vouches for green. Red items stay red. */
export function confirm(checks: readonly ChecklistItem[], names: readonly string[]): ChecklistItem[] {
  return checks.map((check) =>
    check.status === 'person' && names.includes(check.name)
      ? { ...check, status: 'green', evidence: `confirmed by a person (${check.evidence})` }
      : check,
  );
}

type Failure = Error & { code?: string };

/** Gives only the code of a database error, because its text may contain text of users. */
function reasonOf(error: Failure): string {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code;
  if (code === undefined) return error.message;
  // Errors of Node contain the file name.
  if (error.message.includes(code)) return foreign(error.message);
  return isSqlState(code) ? `the database rejected it: ${code}` : `${error.message} (${code})`;
}
