import { asOwner } from '../integrity/as-owner';
import { checkIntegrity } from '../integrity/check-integrity';
import { Configuration } from '../../platform/configuration/configuration';
import { DatabaseUnusableError } from '../../platform/database/unusable-database';
import { verifySchema } from '../../platform/database/verify-schema';
import { migrateDown, migrateUp } from '../../platform/migrations/migrate';
import { fileOf } from '../../platform/migrations/recorded-migration';
import { incompletenessOf, unusableSchema } from '../../platform/migrations/schema-verdict';
import { SideDatabases } from '../backups/side-databases';
import { green, person, red, type ItemResult, type Ground } from './checklist';

/** Checks that the locks of `migrate up` are known; if nothing is pending, that the schema is complete. */
export async function checkMigrations(ground: Ground): Promise<ItemResult> {
  const { schema, url, configuration } = ground;
  const { verdict, migrations, dataMigrations, rebuild } = await ground.plan;
  const refusal = unusableSchema(verdict);
  if (refusal) return red(refusal.message);
  if (verdict.halfApplied.length > 0) return red(incompletenessOf(verdict)!.message);
  if (rebuild.length > 0)
    return red(
      `incomplete indexes: ${rebuild.join(', ')}. Run \`npx xfchat migrate up\`, which rebuilds them.`,
    );
  const paused = dataMigrations.filter(({ state }) => state === 'paused').map(({ name }) => name);
  if (paused.length > 0) return red(`paused: ${paused.join(', ')}. Resume or revert them.`);
  if (migrations.length === 0) {
    await verifySchema(url, configuration, schema);
    return green(
      `all ${verdict.applied.length} are applied as this program has them, and the schema is complete`,
    );
  }
  const unread = migrations.filter(({ unknown }) => unknown.length > 0).map(({ name }) => fileOf(name));
  if (unread.length > 0)
    return person(
      `${unread.join(', ')}: the locks are not known beforehand. Read \`npx xfchat migrate plan\`.`,
    );
  const locks = migrations.flatMap((migration) =>
    migration.locks.map(({ mode, table }) => `${mode} on ${table}`),
  );
  const pending = inShort(migrations.map(({ name }) => fileOf(name)));
  return green(
    `${migrations.length} to apply: ${pending}; locks: ${[...new Set(locks)].join(', ') || 'none'}`,
  );
}

/**
 * Rehearses the rollback in an empty database beside the live one: all migrations up, the pending ones down, and up
 * again. If none is pending, the newest migration goes down.
 */
export async function checkRollback(ground: Ground): Promise<ItemResult> {
  const { schema, progress } = ground;
  const { verdict, migrations } = await ground.plan;
  const before = migrations.length > 0 ? verdict.applied : verdict.applied.slice(0, -1);
  // DIRECT_DATABASE_URL names the live database, and must not be used here.
  const configuration = Object.assign(new Configuration(), ground.configuration, {
    DIRECT_DATABASE_URL: undefined,
    DATABASE_POOLER: 'none',
  });
  const begun = performance.now();
  const direct = ground.configuration.DIRECT_DATABASE_URL ?? ground.url;
  progress('rehearsing the rollback');
  try {
    const undone = await SideDatabases.with(direct, (databases) =>
      databases.withScratch(async (scratch) => {
        await migrateUp(scratch, configuration, schema);
        const taken = await migrateDown(scratch, configuration, schema, { to: before.at(-1) ?? '0' });
        await migrateUp(scratch, configuration, schema);
        return taken;
      }),
    );
    const took = `rehearsed up, down and up in ${Math.round(performance.now() - begun)} ms beside the live database`;
    return green(`${took}: ${inShort(undone.map(fileOf))} reverted`);
  } catch (error) {
    const isFinal = error instanceof DatabaseUnusableError && error.fault === 'migration-irreversible';
    if (!isFinal) throw error;
    return person(`${error.message} A restore loses data that was written after the backup.`);
  }
}

/** Runs `xfchat check`. */
export async function checkData({ url, configuration, schema, plan, progress }: Ground): Promise<ItemResult> {
  const { verdict } = await plan;
  if (verdict.applied.length === 0) return green('the database is empty');
  const pending = incompletenessOf(verdict);
  const remarks: string[] = [];
  const findings = await asOwner(url, configuration, schema, (dataSource) =>
    checkIntegrity(
      dataSource,
      (kind, done, total) => progress(`checking ${done} of ${total}: ${kind}`),
      (sentence) => remarks.push(sentence),
    ),
  ).catch((error: unknown) => {
    // A pending migration may create the objects of these queries.
    if (pending instanceof DatabaseUnusableError) return undefined;
    throw error;
  });
  if (!findings)
    return person('the schema is older than this program: run `xfchat check` of the version before');
  const [first] = findings;
  return first
    ? red(
        `broken in ${findings.length} places, such as ${first.kind}: ${first.where} ${first.detail}. See \`npx xfchat check\`.`,
      )
    : green(['`xfchat check` finds no violations', ...remarks].join('. '));
}

const MANY = 3;

const inShort = (names: readonly string[]): string =>
  names.length <= MANY
    ? names.join(', ')
    : `${names.slice(0, MANY).join(', ')} and ${names.length - MANY} more`;
