import type { EntityManager } from 'typeorm';
import { IS_HIDDEN } from '../conversations/conversation-view';

/** The newest position of a conversation. */
export interface Head {
  readonly seq: number;
  readonly rev: number;
  /** The `rev` of the last change of title or description. */
  readonly settingsRev: number;
  /** A block hides other people's changes above this `rev`; null without a block. */
  readonly blockedRev: number | null;
  /** The user's own fields. */
  readonly own: { readonly readSeq: number; readonly hidden: boolean };
}

interface HeadRow {
  epoch: number;
  id: string | null;
  last_seq: number;
  last_rev: number;
  settings_rev: number;
  blocked_rev: number | null;
  read_seq: number;
  is_hidden: boolean;
}

/**
 * Reads the epoch of the database, and the heads of those conversations in which the user participates. Served by
 * `conversation_participants_pkey`.
 */
export async function readHeads(
  manager: EntityManager,
  userId: string,
  conversationIds: readonly string[],
): Promise<{ epoch: number; heads: Map<string, Head> }> {
  const rows: HeadRow[] = await manager.query(
    `select s.epoch, own.* from database_state s left join (
       select c.id, c.last_seq, c.last_rev, c.settings_rev, c.blocked_rev, p.read_seq,
         ${IS_HIDDEN} as is_hidden
       from conversation_participants p join conversations c on c.id = p.conversation_id
       where p.user_id = $1 and p.conversation_id = any ($2) and p.left_at is null and c.deleted_at is null
     ) own on true`,
    [userId, conversationIds],
  );
  const heads = new Map<string, Head>();
  for (const { id, last_seq: seq, last_rev: rev, settings_rev: settingsRev, ...row } of rows) {
    const own = { readSeq: row.read_seq, hidden: row.is_hidden };
    if (id !== null) heads.set(id, { seq, rev, settingsRev, blockedRev: row.blocked_rev, own });
  }
  return { epoch: rows[0]!.epoch, heads };
}
