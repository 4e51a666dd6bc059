import type { Client } from 'pg';
import type { EntityManager } from 'typeorm';

/**
 * Locks a name until the transaction ends; other transactions wait for the same name. Use it for things that have
 * no row yet.
 */
export async function lockName(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [name]);
}

/** Like `lockName`, but several transactions may hold the lock at once. */
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

/**
 * Like `lockNameShared`, until the session ends. For work that takes too long for a transaction.
 * @throws an error that `isLockTimeout` recognises, after the `lock_timeout` of the session
 */
export async function lockNameSharedForSession(client: Client, name: string): Promise<void> {
  await client.query(`select pg_advisory_lock_shared(hashtextextended($1, 0))`, [name]);
}

/** Like `tryLockName`, until the session ends. @returns whether the lock is held */
export async function tryLockNameForSession(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    `select pg_try_advisory_lock(hashtextextended($1, 0)) as held`,
    [name],
  );
  return rows[0]!.held;
}
