import type { EntityManager } from 'typeorm';

/**
 * Reads the clock of the database, which decides about everything that is stored: all servers agree on it, even if
 * their own clocks differ. Statements use `now()`; this is for times that code calculates with.
 */
export async function databaseNow(manager: Pick<EntityManager, 'query'>): Promise<Date> {
  const [row]: [{ now: Date }] = await manager.query(
    `select date_trunc('milliseconds', clock_timestamp()) as now`,
  );
  return row.now;
}
