import type { EntityManager } from 'typeorm';

/** How far a conversation has come. */
export interface Head {
  readonly seq: number;
  readonly rev: number;
  /** The `rev` that the last change of title or description took. */
  readonly settingsRev: number;
}

interface HeadRow {
  epoch: number;
  id: string | null;
  last_seq: number;
  last_rev: number;
  settings_rev: number;
}

/**
 * The epoch of the database, and the heads of those of the conversations in which the user participates. Served by
 * `conversation_participants_pkey`.
 */
export async function readHeads(
  manager: EntityManager,
  userId: string,
  conversationIds: readonly string[],
): Promise<{ epoch: number; heads: Map<string, Head> }> {
  const rows: HeadRow[] = await manager.query(
    `select s.epoch, own.* from database_state s left join (
       select c.id, c.last_seq, c.last_rev, c.settings_rev
       from conversation_participants p join conversations c on c.id = p.conversation_id
       where p.user_id = $1 and p.conversation_id = any ($2) and p.left_at is null and c.deleted_at is null
     ) own on true`,
    [userId, conversationIds],
  );
  const heads = new Map<string, Head>();
  for (const { id, last_seq: seq, last_rev: rev, settings_rev: settingsRev } of rows) {
    if (id !== null) heads.set(id, { seq, rev, settingsRev });
  }
  return { epoch: rows[0]!.epoch, heads };
}
