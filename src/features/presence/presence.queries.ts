import type { EntityManager } from 'typeorm';

type Database = Pick<EntityManager, 'query'>;

/** How much of their presence a user lets others see. */
export interface PresenceSettings {
  readonly isInvisible: boolean;
  readonly hidesLastSeen: boolean;
}

/** The settings of users who never changed any. */
export const DEFAULT_SETTINGS: PresenceSettings = { isInvisible: false, hidesLastSeen: false };

/** Reads the settings of users who changed any. Served by `user_presence_pkey`. */
export async function readSettings(
  database: Database,
  userIds: readonly string[],
): Promise<Map<string, PresenceSettings>> {
  const rows: (PresenceSettings & { userId: string })[] = await database.query(
    `select user_id as "userId", is_invisible as "isInvisible", hides_last_seen as "hidesLastSeen"
     from user_presence where user_id = any ($1)`,
    [userIds],
  );
  return new Map(rows.map(({ userId, ...settings }) => [userId, settings]));
}

/** How many milliseconds ago a user was last online. */
export interface Seen {
  readonly userId: string;
  readonly ageMs: number;
}

/**
 * Stores when users were last online, in one statement. The time is the database's, less the age that the server
 * measured. Rows are locked by id, so that servers cannot deadlock. A user who is being erased is left out: nobody
 * would remove their row. Served by `users_pkey`.
 */
export async function storeLastSeen(database: Database, seen: readonly Seen[]): Promise<void> {
  await database.query(
    `with people as materialized (
       select u.id from users u
       where u.id = any ($1) and u.erased_at is null order by u.id for key share skip locked)
     insert into user_presence as p (user_id, last_seen_at)
     select seen.id, clock_timestamp() - make_interval(secs => seen.age_ms / 1000.0)
     from unnest($1::uuid[], $2::double precision[]) as seen (id, age_ms) join people on people.id = seen.id
     order by seen.id
     on conflict (user_id) do update set last_seen_at = greatest(p.last_seen_at, excluded.last_seen_at)`,
    [seen.map(({ userId }) => userId), seen.map(({ ageMs }) => ageMs)],
  );
}

/** Reads when users were last online, except for those who hide it. Served by `user_presence_pkey`. */
export async function readLastSeen(
  database: Database,
  userIds: readonly string[],
): Promise<Map<string, number>> {
  const rows: { user_id: string; last_seen_at: Date }[] = await database.query(
    `select user_id, last_seen_at from user_presence
     where user_id = any ($1) and last_seen_at is not null and not hides_last_seen`,
    [userIds],
  );
  return new Map(rows.map((row) => [row.user_id, row.last_seen_at.getTime()]));
}

/** A viewer and the user whom they want to see. */
export interface Pair {
  readonly viewerId: string;
  readonly userId: string;
}

/** The reason why a viewer may see a user. */
export interface Sight {
  /** The index of the pair in the list. */
  readonly place: number;
  /** `friend`, or the id of a conversation that both participate in. */
  readonly through: string;
  /** When the user was last online, unless hidden. */
  readonly lastSeenAt: Date | null;
}

/**
 * Finds the pairs in which the viewer may see the user: friends, and people who share a conversation, unless a block
 * stands between them. Served by `friendships_pkey`, `blocks_pkey`, `conversation_participants_user_idx` and
 * `conversation_participants_pkey`. Conversations are searched only for pairs that are not friends, up to the first
 * shared one. "materialized" and the inner "limit 1" keep the planner from reading a table from its beginning for one
 * row.
 */
export async function readSights(database: Database, pairs: readonly Pair[]): Promise<Sight[]> {
  return database.query(
    `select pair.n::int - 1 as place, sight.through,
       case when s.hides_last_seen then null else s.last_seen_at end as "lastSeenAt"
     from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (viewer_id, user_id, n)
     join users u on u.id = pair.user_id and u.erased_at is null
     left join user_presence s on s.user_id = pair.user_id
     cross join lateral (select coalesce(
       (select 'friend' from friendships f
        where f.user_low_id = least(pair.viewer_id, pair.user_id)
          and f.user_high_id = greatest(pair.viewer_id, pair.user_id)),
       (with theirs as materialized (
          select p.conversation_id from conversation_participants p
          where p.user_id = pair.user_id and p.left_at is null)
        select theirs.conversation_id::text from theirs
        where (select mine.left_at is null and c.deleted_at is null
               from conversation_participants mine join conversations c on c.id = mine.conversation_id
               where mine.conversation_id = theirs.conversation_id and mine.user_id = pair.viewer_id limit 1)
        limit 1)) as through) sight
     where sight.through is not null and not exists (
       select from blocks b where (b.blocker_id, b.blocked_id) in
         ((pair.viewer_id, pair.user_id), (pair.user_id, pair.viewer_id)))`,
    [pairs.map(({ viewerId }) => viewerId), pairs.map(({ userId }) => userId)],
  );
}

/** Decides whether others may see somebody type in a conversation. */
export interface TypingRights {
  /** The number of participants, counted up to the limit + 1. */
  readonly size: number;
  readonly isBlocked: boolean;
  readonly isInvisible: boolean;
}

/**
 * Reads whether a user participates, and whether others may see them type. Served by `conversation_participants_pkey`,
 * `conversations_pkey` and `user_presence_pkey`.
 * @returns undefined for outsiders
 */
export async function readTypingRights(
  database: Database,
  { userId, conversationId, limit }: { userId: string; conversationId: string; limit: number },
): Promise<TypingRights | undefined> {
  const rows: TypingRights[] = await database.query(
    `select c.blocked_rev is not null as "isBlocked", coalesce(s.is_invisible, false) as "isInvisible",
       (select count(*)::int from (select from conversation_participants o
        where o.conversation_id = c.id and o.left_at is null limit $3) present) as size
     from conversation_participants p
     join conversations c on c.id = p.conversation_id and c.deleted_at is null
     left join user_presence s on s.user_id = p.user_id
     where p.conversation_id = $2 and p.user_id = $1 and p.left_at is null`,
    [userId, conversationId, limit + 1],
  );
  return rows[0];
}
