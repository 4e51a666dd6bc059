import type { EntityManager } from 'typeorm';

/**
 * What the clock of the database says. It decides about everything that is stored: all servers agree on it, however their
 * own clocks differ. Statements say `now()`; this is for a time that code has to calculate with.
 */
export async function databaseNow(manager: Pick<EntityManager, 'query'>): Promise<Date> {
  const [row]: [{ now: Date }] = await manager.query(
    `select date_trunc('milliseconds', clock_timestamp()) as now`,
  );
  return row.now;
}
