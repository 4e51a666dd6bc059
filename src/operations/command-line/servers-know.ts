import type { DataSource } from 'typeorm';
import { serversUnaware } from '../../platform/database/maintenance.queries';

/** Each server reads the state twice a second. One that has not read it for this long cannot reach the database. */
const LONG_ENOUGH_MS = 5_000;
const LOOK_AGAIN_MS = 100;

export interface Awareness {
  readonly servers: number;
  readonly unaware: number;
}

/**
 * Resolves when every server has read the database after `since`, or when the time is over.
 * @param least the number of servers to wait for; after a restore they reconnect within a second
 */
export async function serversKnow(dataSource: DataSource, since: Date, least = 0): Promise<Awareness> {
  const deadline = performance.now() + LONG_ENOUGH_MS;
  for (;;) {
    const awareness = await serversUnaware(dataSource, since);
    const isKnown = awareness.unaware === 0 && awareness.servers >= least;
    if (isKnown || performance.now() > deadline) return awareness;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Resolves when every server has acted on commits before the call: it has begun and finished a whole reading since. */
export async function serversActed(dataSource: DataSource): Promise<Awareness> {
  const first = await serversKnow(dataSource, await nextMillisecond(dataSource));
  return first.unaware > 0 ? first : serversKnow(dataSource, await nextMillisecond(dataSource));
}

/** Reads the clock of the database. Rounds up, because a Date has no microseconds. */
async function nextMillisecond(dataSource: DataSource): Promise<Date> {
  const [row] = await dataSource.query<[{ now: Date }]>(
    `select date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' as now`,
  );
  return row.now;
}
