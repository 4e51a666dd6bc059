import type { EntityManager } from 'typeorm';

/**
 * Holds a lock that is only a name, until the transaction ends: whoever wants the same name waits. For what no row stands
 * for yet.
 */
export async function lockName(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [name]);
}

/** The same, together with others who want it shared. */
export async function lockNameShared(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, [name]);
}
