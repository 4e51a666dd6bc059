import type { EntityManager } from 'typeorm';
import { invalidField } from '../../platform/problems/problem';

/**
 * Hours in which a message can claim an upload. The collector waits longer than this, so it never removes a claimed
 * file.
 */
export const CLAIMABLE_HOURS = 24;

interface Claim {
  readonly messageId: string;
  readonly senderId: string;
  readonly attachmentIds: readonly string[];
}

/**
 * Gives uploads to a message that the same transaction stored. Locks them by id, after the conversation. When two
 * messages name the same upload, the second one waits and is rejected. Served by `attachments_pkey`.
 * @throws Problem `validation-failed` unless all of them are finished, unclaimed uploads of the sender
 */
export async function claimAttachments(manager: EntityManager, claim: Claim): Promise<void> {
  const { messageId, senderId, attachmentIds } = claim;
  const rows: { id: string }[] = await manager.query(
    `select id from attachments
     where id = any ($1) and uploader_id = $2 and message_id is null and stored_at is not null
       and created_at > now() - make_interval(hours => $3)
     order by id for update`,
    [attachmentIds, senderId, CLAIMABLE_HOURS],
  );
  const free = new Set(rows.map(({ id }) => id));
  const wrong = attachmentIds.findIndex((id) => !free.has(id));
  if (wrong >= 0)
    throw invalidField(`/attachmentIds/${wrong}`, 'is not an attachment of yours that no message carries');
  await manager.query(
    `update attachments a set message_id = $1, position = named.position
     from unnest($2::uuid[]) with ordinality as named (id, position) where a.id = named.id`,
    [messageId, attachmentIds],
  );
  await manager.query(`update chat_messages set has_attachments = true where id = $1`, [messageId]);
}

/**
 * Takes the attachments from messages that become tombstones. Nobody may read them afterwards, and the collector
 * removes them. The caller sets `has_attachments`. Served by `attachments_message_idx`.
 */
export async function releaseAttachments(
  manager: EntityManager,
  messageIds: readonly string[],
): Promise<void> {
  await manager.query(
    `update attachments set message_id = null, uploader_id = null where message_id = any ($1)`,
    [messageIds],
  );
}
