import type { EntityManager } from 'typeorm';

/** `keep`: the messages stay without a sender. `remove`: they become tombstones. */
export type MessagesAfterErasure = 'keep' | 'remove';

export interface Erasure {
  readonly userId: string;
  readonly messages: MessagesAfterErasure;
  /** When the person was erased; now when absent. */
  readonly erasedAt?: Date;
}

interface Place {
  readonly conversationId: string;
  readonly userId: string;
  readonly rev: number;
}

export interface EndedRequest {
  readonly id: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly createdAt: Date;
}

export interface LiftedBlock {
  readonly blockerId: string;
  readonly blockedId: string;
  readonly conversationId: string | null;
}

/** Things that ended with an erasure, for the events to other users. */
export interface ErasureOutcome {
  readonly sessionIds: readonly string[];
  /** Conversations that the person left. */
  readonly left: readonly Place[];
  /** The new owners of groups that the person owned. */
  readonly heirs: readonly Place[];
  /** Groups that nobody else was in. */
  readonly endedGroupIds: readonly string[];
  readonly friendIds: readonly string[];
  /** Pending friend requests. */
  readonly requests: readonly EndedRequest[];
  /** Blocks between the person and others, with their direct conversation. */
  readonly liftedBlocks: readonly LiftedBlock[];
}

/** The display name of every erased person. */
export const ERASED_NAME = 'Erased account';
/** No password matches this hash. */
const NO_PASSWORD = '!';

/**
 * Locks the person's conversations by id, then the person. Every transaction that stores something with the person's
 * name holds that row (`holdPeople`, and every foreign key). So such a row either exists before and is found, or its
 * transaction waits and is rejected.
 * @returns the hash of the password; undefined when the person does not exist any more
 */
export async function lockPerson(manager: EntityManager, userId: string): Promise<string | undefined> {
  await manager.query(
    `select from conversations c
     where c.id in (select p.conversation_id from conversation_participants p where p.user_id = $1 and p.left_at is null)
     order by c.id for no key update`,
    [userId],
  );
  const rows: { password_hash: string }[] = await manager.query(
    `select password_hash from users where id = $1 and erased_at is null for update`,
    [userId],
  );
  return rows[0]?.password_hash;
}

/** Finds erased people who exist in the database: its data is older than their erasure. Served by `users_pkey`. */
export async function findReturned<Known extends Pick<Erasure, 'userId'>>(
  database: Pick<EntityManager, 'query'>,
  erased: readonly Known[],
): Promise<Known[]> {
  if (erased.length === 0) return [];
  const rows: { id: string }[] = await database.query(
    `select id from users where id = any ($1) and erased_at is null`,
    [erased.map(({ userId }) => userId)],
  );
  const there = new Set(rows.map(({ id }) => id));
  return erased.filter(({ userId }) => there.has(userId));
}

/**
 * Removes a locked person (`lockPerson`) from everything of bounded size; `eraseNextBatch` does the rest. Deletes their
 * personal data, and frees their username and e-mail address. The number of statements does not depend on the number of
 * conversations. Uses SQL only, since a restore runs the same without a server.
 */
export async function erasePerson(manager: EntityManager, erasure: Erasure): Promise<ErasureOutcome> {
  const { userId, messages, erasedAt = null } = erasure;
  await manager.query(
    `update users set username = 'erased-' || left(md5(gen_random_uuid()::text), 25), email = null,
       password_hash = '${NO_PASSWORD}', display_name = '${ERASED_NAME}', avatar_url = null, status = null,
       is_operator = false, updated_at = now(), erased_at = coalesce($2, now())
     where id = $1`,
    [userId, erasedAt],
  );
  await manager.query(
    `insert into erasures (user_id, messages, erased_at) values ($1, $2, coalesce($3, now()))`,
    [userId, messages, erasedAt],
  );
  await deleted(manager, 'password_resets where user_id = $1', userId);
  // The collector removes unclaimed attachments. Those on messages go with the messages (`eraseNextBatch`).
  await manager.query(
    `update attachments set uploader_id = null where uploader_id = $1 and message_id is null`,
    [userId],
  );
  await deleted(manager, 'user_presence where user_id = $1', userId);
  const sessions = await deleted<{ id: string }>(manager, 'sessions where user_id = $1 returning id', userId);
  const { left, ownedIds } = await leaveEverything(manager, userId);
  const heirs = await passOn(manager, ownedIds);
  const endedGroupIds = await endDeserted(manager, ownedIds);
  return {
    ...{ left, heirs, endedGroupIds },
    sessionIds: sessions.map(({ id }) => id),
    ...(await endContacts(manager, userId)),
  };
}

/** Leaves all conversations, with one `rev` in each. Served by `conversation_participants_user_idx`. */
async function leaveEverything(
  manager: EntityManager,
  userId: string,
): Promise<{ left: Place[]; ownedIds: string[] }> {
  const [rows] = await manager.query<[(Place & { owned: boolean })[], number]>(
    `with numbered as (
       update conversations c set last_rev = c.last_rev + 1
       from conversation_participants p
       where p.user_id = $1 and p.left_at is null and c.id = p.conversation_id
       returning c.id, c.last_rev, c.deleted_at)
     update conversation_participants p set left_at = now(), rev = n.last_rev
     from numbered n
     where p.conversation_id = n.id and p.user_id = $1
     returning p.conversation_id as "conversationId", p.user_id as "userId", p.rev,
       p.role = 'owner' and n.deleted_at is null as owned`,
    [userId],
  );
  const left = rows.map(({ conversationId, rev }) => ({ conversationId, userId, rev }));
  return { left, ownedIds: rows.filter(({ owned }) => owned).map((row) => row.conversationId) };
}

/** Makes the oldest admin the owner of each group, or else the oldest member; one `rev` each. */
async function passOn(manager: EntityManager, ownedIds: readonly string[]): Promise<Place[]> {
  if (ownedIds.length === 0) return [];
  const [heirs] = await manager.query<[Place[], number]>(
    `with heir as materialized (
       select distinct on (p.conversation_id) p.conversation_id, p.user_id
       from conversation_participants p
       where p.conversation_id = any ($1) and p.left_at is null
       order by p.conversation_id, p.role = 'admin' desc, p.joined_at, p.user_id),
     numbered as (
       update conversations c set last_rev = c.last_rev + 1 from heir
       where c.id = heir.conversation_id returning c.id, c.last_rev, heir.user_id)
     update conversation_participants p set role = 'owner', rev = n.last_rev
     from numbered n where p.conversation_id = n.id and p.user_id = n.user_id
     returning p.conversation_id as "conversationId", p.user_id as "userId", p.rev`,
    [ownedIds],
  );
  return heirs;
}

async function endDeserted(manager: EntityManager, ownedIds: readonly string[]): Promise<string[]> {
  if (ownedIds.length === 0) return [];
  const [rows] = await manager.query<[{ id: string }[], number]>(
    `update conversations c set deleted_at = now()
     where c.id = any ($1) and not exists (
       select from conversation_participants p where p.conversation_id = c.id and p.left_at is null)
     returning c.id`,
    [ownedIds],
  );
  return rows.map(({ id }) => id);
}

async function endContacts(
  manager: EntityManager,
  userId: string,
): Promise<Pick<ErasureOutcome, 'friendIds' | 'requests' | 'liftedBlocks'>> {
  const friendships = await deleted<{ low: string; high: string }>(
    manager,
    `friendships where user_low_id = $1 or user_high_id = $1 returning user_low_id as low, user_high_id as high`,
    userId,
  );
  const liftedBlocks = await liftBlocks(manager, userId);
  const requests = await deleted<EndedRequest & { status: string }>(
    manager,
    `friend_requests where sender_id = $1 or recipient_id = $1
     returning id, status, sender_id as "senderId", recipient_id as "recipientId", created_at as "createdAt"`,
    userId,
  );
  return {
    friendIds: friendships.map(({ low, high }) => (low === userId ? high : low)),
    requests: requests.filter(({ status }) => status === 'pending'),
    liftedBlocks,
  };
}

/**
 * Lifts all blocks. The later work on the person's messages shows others what a block hid: each message takes a new
 * `rev`. Served by `blocks_pkey`, `blocks_blocked_idx` and `conversations_direct_key_key`.
 */
async function liftBlocks(manager: EntityManager, userId: string): Promise<LiftedBlock[]> {
  const [rows] = await manager.query<[LiftedBlock[], number]>(
    `delete from blocks b where b.blocker_id = $1 or b.blocked_id = $1
     returning b.blocker_id as "blockerId", b.blocked_id as "blockedId", (
       select c.id from conversations c
       where c.direct_key = least(b.blocker_id, b.blocked_id) || ':' || greatest(b.blocker_id, b.blocked_id))
       as "conversationId"`,
    [userId],
  );
  const ids = rows.flatMap(({ conversationId }) => conversationId ?? []);
  if (ids.length === 0) return rows;
  await manager.query(`update conversations set blocked_rev = null where id = any ($1)`, [ids]);
  await manager.query(
    `update conversation_participants set shown_read_seq = null where conversation_id = any ($1)`,
    [ids],
  );
  return rows;
}

async function deleted<Row>(manager: EntityManager, from: string, userId: string): Promise<Row[]> {
  const [rows] = await manager.query<[Row[], number]>(`delete from ${from}`, [userId]);
  return rows;
}
