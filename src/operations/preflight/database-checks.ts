import { DatabaseClient } from '../../platform/database/database-client';
import { isBehindPooler } from '../../platform/database/database-options';
import { connectionsBesideThePool, connectionsNeeded } from '../../platform/database/verify-database';
import { changedValues } from '../../platform/database/value-sample';
import { green, person, red, type ItemResult, type Ground } from './checklist';

const LOOKS = 25;
/** A median above this makes every request slow: a request takes several statements. */
const SLOW_MS = 100;

/** Also writes a row with a value of each kind, reads it and takes it back, where there are tables already. */
export async function checkDatabase(ground: Ground): Promise<ItemResult> {
  const { facts, configuration, dataSource, schema } = ground;
  const { release, durable } = facts;
  const { verdict } = await ground.plan;
  const hasTables = verdict.applied.length > 0 && verdict.pending.length === 0;
  const changed = hasTables ? await changedValues(dataSource, schema) : [];
  if (changed.length > 0)
    return red(
      `PostgreSQL ${release} gives back other values than were written: ${changed.join(', ')}. Look at its settings.`,
    );
  const promise = durable
    ? 'keeps what it has acknowledged'
    : 'may forget what it has acknowledged, which only production forbids';
  return green(`PostgreSQL ${release}, takes writes, ${promise} (NODE_ENV ${configuration.NODE_ENV})`);
}

/** One statement at a time over one connection: what every request pays at least. */
export async function checkLatency({ url, configuration }: Ground): Promise<ItemResult> {
  const timeout = configuration.DATABASE_ACQUIRE_TIMEOUT_MS;
  const client = new DatabaseClient({
    connectionString: url,
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
    isPooler: isBehindPooler(configuration),
  });
  client.on('error', () => undefined);
  const times: number[] = [];
  await client.connect();
  try {
    for (let look = 0; look < LOOKS; look++) {
      const begun = performance.now();
      await client.query('select 1');
      times.push(performance.now() - begun);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
  times.sort((a, b) => a - b);
  const [median, most] = [times[LOOKS >> 1]!, times.at(-1)!].map((time) => time.toFixed(1));
  const seen = `${LOOKS} statements took ${median} ms in the middle, ${most} ms at most`;
  return Number(median) < SLOW_MS
    ? green(seen)
    : red(`${seen}; an empty statement has to take less than ${SLOW_MS} ms: look at the network in between`);
}

export function checkPool({ facts, configuration }: Ground): ItemResult {
  const { DATABASE_POOL_MAX: pool, INSTANCES: instances } = configuration;
  const needed = connectionsNeeded(configuration);
  const beside = connectionsBesideThePool(configuration);
  const sum = `${instances} × (${pool} + ${beside} beside the pool) = ${needed} connections`;
  if (isBehindPooler(configuration))
    return person(`${sum} behind a pooler, whose limit cannot be seen from here: compare them`);
  return needed <= facts.connections
    ? green(`${sum}, of ${facts.connections} that the database gives this user`)
    : red(
        `${sum}, and the database gives this user ${facts.connections}: lower DATABASE_POOL_MAX, or raise the limit`,
      );
}
