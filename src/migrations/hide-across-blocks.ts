import type { DataMigration } from '../platform/migrations/data-migration';

interface Pair {
  blocker_id: string;
  blocked_id: string;
}

/**
 * Blocks that are older than migration `1764000000084`: from now on they hide what happens in the direct conversation.
 * Locks the conversations by id, and then looks at the blocks again: one that was lifted meanwhile hides nothing.
 */
export const HideAcrossBlocks1764000000086: DataMigration = {
  name: 'HideAcrossBlocks1764000000086',
  batchSize: 500,
  async step(run, cursor, limit) {
    const [blocker, blocked] = cursor?.split(' ') ?? [];
    const pairs = await run.query<Pair[]>(
      `select blocker_id, blocked_id from blocks
       where $1::uuid is null or (blocker_id, blocked_id) > ($1::uuid, $2::uuid)
       order by blocker_id, blocked_id limit $3`,
      [blocker ?? null, blocked ?? null, limit],
    );
    const keys = pairs.map(({ blocker_id: a, blocked_id: b }) => (a < b ? `${a}:${b}` : `${b}:${a}`));
    await run.query(
      `select from conversations where direct_key = any ($1) and blocked_rev is null order by id for no key update`,
      [keys],
    );
    await run.query(
      `with hidden as (
         update conversations c set blocked_rev = c.last_rev
         where c.direct_key = any ($1) and c.blocked_rev is null and exists (
           select from blocks b where b.blocker_id in (split_part(c.direct_key, ':', 1)::uuid, split_part(c.direct_key, ':', 2)::uuid)
             and b.blocked_id in (split_part(c.direct_key, ':', 1)::uuid, split_part(c.direct_key, ':', 2)::uuid))
         returning c.id)
       update conversation_participants p set shown_read_seq = p.read_seq from hidden where p.conversation_id = hidden.id`,
      [keys],
    );
    const last = pairs.at(-1);
    return {
      rows: pairs.length,
      cursor: pairs.length < limit ? null : `${last!.blocker_id} ${last!.blocked_id}`,
    };
  },
};
