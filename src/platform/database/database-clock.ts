import type { EntityManager } from 'typeorm';

/**
 * Reads the clock of the database. All stored times are from that clock, because the clocks of servers may differ.
 * Statements use `now()`; this is for times that code calculates with.
 */
export async function databaseNow(manager: Pick<EntityManager, 'query'>): Promise<Date> {
  const [row]: [{ now: Date }] = await manager.query(
    `select date_trunc('milliseconds', clock_timestamp()) as now`,
  );
  return row.now;
}
