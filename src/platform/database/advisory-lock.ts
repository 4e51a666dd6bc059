import type { EntityManager } from 'typeorm';

/**
 * Holds a lock on a name until the transaction ends; others who want the same name wait. For things that have no row
 * yet.
 */
export async function lockName(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [name]);
}

/** As above, but several transactions may hold it at once. */
export async function lockNameShared(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, [name]);
}

/** Like `lockName`, without waiting. @returns whether the lock is held */
export async function tryLockName(manager: EntityManager, name: string): Promise<boolean> {
  const [row]: { held: boolean }[] = await manager.query(
    `select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as held`,
    [name],
  );
  return row!.held;
}
