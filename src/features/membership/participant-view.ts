import type { EntityManager } from 'typeorm';
import { id, integer, oneOf, record, time, usuallyNull, type Of } from '../../platform/documents/schema';
import { personColumns, personView, type PersonRow } from '../users/person-row';
import { userSchema } from '../users/users.dto';
import type { Role } from './participant.entity';

export const ROLES = ['owner', 'admin', 'member'] as const satisfies Role[];

export const participantSchema = record(
  'Participant',
  {
    userId: id(),
    user: userSchema,
    role: oneOf(ROLES),
    readSeq: integer(0, { description: 'The participant has read up to this `seq`.', example: 7 }),
    joinedAt: time(),
    leftAt: usuallyNull(time('When the participant left or was removed; null unless they did.')),
  },
  'A user in a conversation.',
);
export type ParticipantView = Of<typeof participantSchema>;

/** A participant with their conversation and the `rev` of their last change. */
export interface PlacedParticipant {
  readonly conversationId: string;
  readonly rev: number;
  readonly view: ParticipantView;
}

interface ParticipantRow extends PersonRow {
  conversation_id: string;
  role: Role;
  read_seq: number;
  rev: number;
  joined_at: Date;
  left_at: Date | null;
}

/**
 * @param viewer SQL for the user who sees them. While a block stands, that user sees the other's read position as it
 * was before.
 */
const columnsFor = (viewer: string): string => `p.conversation_id, p.role,
  case when p.user_id = ${viewer} then p.read_seq else coalesce(p.shown_read_seq, p.read_seq) end as read_seq,
  p.rev, p.joined_at, p.left_at, ${personColumns('u')}`;

/** How many participants a Conversation carries. */
export const PREVIEW_SIZE = 20;

/**
 * The first participants of each conversation, in the order of joining.
 * @param viewerId the user who sees them; absent in events for everybody
 */
export async function previewParticipants(
  manager: EntityManager,
  conversationIds: readonly string[],
  viewerId?: string,
): Promise<PlacedParticipant[]> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${columnsFor('$2::uuid')} from unnest($1::uuid[]) as wanted (id)
     cross join lateral (
       select * from conversation_participants p
       where p.conversation_id = wanted.id and p.left_at is null
       order by p.joined_at, p.user_id limit ${PREVIEW_SIZE}) p
     join users u on u.id = p.user_id
     order by p.joined_at, p.user_id`,
    [conversationIds, viewerId ?? null],
  );
  return rows.map(placed);
}

/**
 * All participants of the conversation, as `viewerId` sees them, in the order of joining. Served by
 * `conversation_participants_pkey`.
 */
export async function listParticipants(
  manager: EntityManager,
  conversationId: string,
  viewerId: string,
): Promise<ParticipantView[]> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${columnsFor('$2::uuid')} from conversation_participants p join users u on u.id = p.user_id
     where p.conversation_id = $1 and p.left_at is null order by p.joined_at, p.user_id`,
    [conversationId, viewerId],
  );
  return rows.map((row) => placed(row).view);
}

/** One participant, or a former one. */
export async function findParticipant(
  manager: EntityManager,
  conversationId: string,
  userId: string,
): Promise<PlacedParticipant | undefined> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${columnsFor('null')} from conversation_participants p join users u on u.id = p.user_id
     where p.conversation_id = $1 and p.user_id = $2`,
    [conversationId, userId],
  );
  return rows.map(placed)[0];
}

/** Some participants of some conversations, former ones included. Served by `conversation_participants_pkey`. */
export async function findParticipants(
  manager: EntityManager,
  places: readonly { conversationId: string; userId: string }[],
): Promise<PlacedParticipant[]> {
  if (places.length === 0) return [];
  const rows: ParticipantRow[] = await manager.query(
    `select ${columnsFor('null')} from unnest($1::uuid[], $2::uuid[]) as place (conversation_id, user_id)
     join conversation_participants p on p.conversation_id = place.conversation_id and p.user_id = place.user_id
     join users u on u.id = p.user_id`,
    [places.map(({ conversationId }) => conversationId), places.map(({ userId }) => userId)],
  );
  return rows.map(placed);
}

/**
 * For each conversation up to `limit` participants that changed above `rev`, former ones included, in `rev` order.
 * Served by `conversation_participants_rev_idx`.
 */
export async function changedParticipants(
  manager: EntityManager,
  cursors: readonly { conversationId: string; rev: number }[],
  limit: number,
  viewerId: string,
): Promise<PlacedParticipant[]> {
  if (cursors.length === 0) return [];
  const rows: ParticipantRow[] = await manager.query(
    `select ${columnsFor('$4::uuid')} from unnest($1::uuid[], $2::bigint[]) as cursor (conversation_id, rev)
     cross join lateral (
       select * from conversation_participants p
       where p.conversation_id = cursor.conversation_id and p.rev > cursor.rev
       order by p.rev limit $3) p
     join users u on u.id = p.user_id
     order by p.rev`,
    [cursors.map((cursor) => cursor.conversationId), cursors.map((cursor) => cursor.rev), limit, viewerId],
  );
  return rows.map(placed);
}

/**
 * All participants of conversations, in the order of joining. Reads the conversations in order until they have `limit`
 * participants together, and at least the first one. Served by `conversation_participants_pkey`.
 * @returns participants by conversation; a conversation that is absent was not read
 */
export async function allParticipants(
  manager: EntityManager,
  conversationIds: readonly string[],
  limit: number,
  viewerId: string,
): Promise<Map<string, ParticipantView[]>> {
  const found = new Map<string, ParticipantView[]>();
  if (conversationIds.length === 0) return found;
  const rows: ParticipantRow[] = await manager.query(
    `with sized as (
       select w.id, w.n, (select count(*) from conversation_participants p
                          where p.conversation_id = w.id and p.left_at is null) as people
       from unnest($1::uuid[]) with ordinality as w (id, n)),
     wanted as (
       select id, sum(people) over (order by n) as people, n from sized)
     select ${columnsFor('$3::uuid')} from wanted w
     join conversation_participants p on p.conversation_id = w.id and p.left_at is null
     join users u on u.id = p.user_id
     where w.n = 1 or w.people <= $2
     order by p.joined_at, p.user_id`,
    [conversationIds, limit, viewerId],
  );
  for (const { conversationId, view } of rows.map(placed)) {
    const people = found.get(conversationId);
    if (people) people.push(view);
    else found.set(conversationId, [view]);
  }
  return found;
}

function placed(row: ParticipantRow): PlacedParticipant {
  return {
    conversationId: row.conversation_id,
    rev: row.rev,
    view: {
      userId: row.user_id,
      user: personView(row),
      role: row.role,
      readSeq: row.read_seq,
      joinedAt: row.joined_at.toISOString(),
      leftAt: row.left_at?.toISOString() ?? null,
    },
  };
}
