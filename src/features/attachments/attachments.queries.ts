import type { EntityManager } from 'typeorm';
import { ATTACHMENT_JSON, type AttachmentView } from '../messages/attachment-view';
import { CLAIMABLE_HOURS } from '../messages/message-attachments.queries';

/**
 * The name of the lock on the files of attachments. The collector holds it alone while it removes files. A backup
 * shares it from before its snapshot until it has the files, so every row of the snapshot keeps its file meanwhile. A
 * restore shares it from before it looks for files until the databases have swapped.
 */
export const ATTACHMENT_FILES = 'files of attachments';

/** From then on the collector removes what no message has claimed. */
const UNCLAIMED_HOURS = CLAIMABLE_HOURS + 1;

/** An upload takes at most a quarter of an hour, so one that is unfinished after this many minutes was interrupted. */
const UNFINISHED_MINUTES = 60;

/** Bytes of a person's attachments, reserved ones included. Served by `attachments_uploader_idx`. */
export async function bytesOf(manager: EntityManager, userId: string): Promise<number> {
  const rows: { bytes: number }[] = await manager.query(
    `select coalesce(sum(size), 0)::bigint as bytes from attachments where uploader_id = $1`,
    [userId],
  );
  return rows[0]!.bytes;
}

/** Inserts the row before the file is written, so that the database knows of every file on the disk. */
export async function reserveAttachment(
  manager: EntityManager,
  reserved: { readonly id: string; readonly userId: string; readonly bytes: number },
): Promise<void> {
  await manager.query(
    `insert into attachments (id, uploader_id, name, type, size) values ($1, $2, '', '', $3)`,
    [reserved.id, reserved.userId, reserved.bytes],
  );
}

export interface StoredFile {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
}

/** Served by `attachments_pkey`. @returns undefined when the reservation is gone because the person was erased */
export async function finishAttachment(
  manager: EntityManager,
  id: string,
  userId: string,
  file: StoredFile,
): Promise<AttachmentView | undefined> {
  const [rows] = await manager.query<[{ attachment: AttachmentView }[], number]>(
    `update attachments a set name = $3, type = $4, size = $5, sha256 = $6, stored_at = now()
     where a.id = $1 and a.uploader_id = $2 and a.stored_at is null
     returning ${ATTACHMENT_JSON} as attachment`,
    [id, userId, file.name, file.type, file.size, file.sha256],
  );
  return rows[0]?.attachment;
}

/**
 * Finds an attachment that the user may read: an own upload, or one on a message of a conversation in which they
 * participate. Served by `attachments_pkey`, `chat_messages_pkey` and `conversation_participants_pkey`.
 */
export async function findReadable(
  manager: EntityManager,
  userId: string,
  id: string,
): Promise<StoredFile | undefined> {
  const rows: StoredFile[] = await manager.query(
    `select a.name, a.type, a.size, a.sha256 from attachments a
     where a.id = $1 and a.stored_at is not null and (a.uploader_id = $2 or exists (
       select from chat_messages m
       join conversations c on c.id = m.conversation_id and c.deleted_at is null
       join conversation_participants p
         on p.conversation_id = m.conversation_id and p.user_id = $2 and p.left_at is null
       where m.id = a.message_id))`,
    [id, userId],
  );
  return rows[0];
}

/**
 * Locks up to `limit` attachments that nobody can ever read. These are interrupted uploads, uploads that no message claimed
 * in time, and those whose message or uploader is gone. Skips rows that another transaction has locked. Served by
 * `attachments_unclaimed_idx`.
 */
export async function lockGarbage(manager: EntityManager, limit: number): Promise<string[]> {
  const rows: { id: string }[] = await manager.query(
    `select id from attachments
     where message_id is null and (uploader_id is null
       or created_at < now() - make_interval(hours => $2)
       or (stored_at is null and created_at < now() - make_interval(mins => $3)))
     order by created_at limit $1 for update skip locked`,
    [limit, UNCLAIMED_HOURS, UNFINISHED_MINUTES],
  );
  return rows.map(({ id }) => id);
}

/** The file that the store must have for an attachment. */
export interface AttachmentFile {
  readonly id: string;
  readonly size: number;
  readonly sha256: string;
}

const PAGE = 1_000;

/** All but those that `lockGarbage` finds; `$1` is the moment for which uploads are young enough. */
const IN_USE = `stored_at is not null and (message_id is not null or (uploader_id is not null
  and created_at >= $1::timestamptz - make_interval(hours => ${UNCLAIMED_HOURS})))`;

/**
 * The files that somebody may read or claim, by id. Never more than a page of them is in
 * memory. Served by `attachments_pkey`.
 * @param at the moment for which uploads are young enough, in ISO 8601
 */
export async function* filesInUse(manager: EntityManager, at: string): AsyncGenerator<AttachmentFile> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const page: AttachmentFile[] = await manager.query(
      `select id, size, sha256 from attachments where id > $2 and ${IN_USE} order by id limit $3`,
      [at, after, PAGE],
    );
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** Whether the file is one of `filesInUse`. Served by `attachments_pkey`. */
export async function isInUse(manager: EntityManager, id: string, at: string): Promise<boolean> {
  const rows: unknown[] = await manager.query(`select from attachments where id = $2 and ${IN_USE}`, [
    at,
    id,
  ]);
  return rows.length > 0;
}

/** Served by `attachments_pkey`. @returns those of the ids that there is an attachment of, whatever its state */
export async function knownAttachments(manager: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  const rows: { id: string }[] = await manager.query(`select id from attachments where id = any ($1)`, [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** Attachments that nobody may read any more: of deleted messages, and of people whose messages go with them. Reads the table. */
export async function findRevoked(manager: EntityManager): Promise<string[]> {
  const rows: { id: string }[] = await manager.query(
    `select id from attachments
     where (message_id is null and uploader_id is null)
       or uploader_id in (select user_id from erasures where messages = 'remove')`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Locks the reservation of a failed upload. @returns whether it is still a reservation. Served by `attachments_pkey`.
 */
export async function lockReservation(manager: EntityManager, id: string): Promise<boolean> {
  const rows: unknown[] = await manager.query(
    `select from attachments where id = $1 and stored_at is null for update`,
    [id],
  );
  return rows.length > 0;
}

/** Served by `attachments_pkey`. */
export async function deleteAttachments(manager: EntityManager, ids: readonly string[]): Promise<void> {
  await manager.query(`delete from attachments where id = any ($1)`, [ids]);
}
