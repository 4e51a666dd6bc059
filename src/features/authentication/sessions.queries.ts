import type { EntityManager } from 'typeorm';

/** A person has at most this many live sessions. A new one evicts the least recently used one. */
export const MAX_SESSIONS = 50;
/** How many ended and expired sessions of a person are kept, so that ending one of them again finds it. */
const KEPT_ENDED_SESSIONS = 50;

/**
 * Ends all sessions of a person but one, in one statement. Served by `sessions_user_idx`.
 * @returns the ids of the sessions that this call ended
 */
export async function endOtherSessions(
  manager: EntityManager,
  userId: string,
  keepId: string | null,
): Promise<string[]> {
  return idsOf(
    manager,
    `update sessions set ended_at = now()
     where user_id = $1 and id is distinct from $2::uuid and ended_at is null returning id`,
    [userId, keepId],
  );
}

/** @returns the id, if this call ended the session */
export async function endSession(manager: EntityManager, id: string): Promise<string[]> {
  return idsOf(
    manager,
    `update sessions set ended_at = now() where id = $1 and ended_at is null returning id`,
    [id],
  );
}

/**
 * Ends the sessions of a person above `MAX_SESSIONS`, the least recently used first, and deletes old ended ones. The
 * caller holds the account's lock, so that two sign-ins cannot both take the last place. Served by `sessions_user_idx`.
 * @returns the ids of the sessions that this call ended
 */
export async function makeRoomForSessions(manager: EntityManager, userId: string): Promise<string[]> {
  const ended = await idsOf(
    manager,
    `update sessions set ended_at = now() where id in (
       select id from sessions where user_id = $1 and ended_at is null and expires_at > now()
       order by last_used_at desc, id desc offset ${MAX_SESSIONS}) returning id`,
    [userId],
  );
  await manager.query(
    `delete from sessions where id in (
       select id from sessions where user_id = $1 and (ended_at is not null or expires_at <= now())
       order by coalesce(ended_at, expires_at) desc, id desc offset ${KEPT_ENDED_SESSIONS})`,
    [userId],
  );
  return ended;
}

async function idsOf(manager: EntityManager, statement: string, parameters: unknown[]): Promise<string[]> {
  const [rows] = await manager.query<[{ id: string }[], number]>(statement, parameters);
  return rows.map(({ id }) => id);
}
