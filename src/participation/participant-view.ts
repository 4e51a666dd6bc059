import type { EntityManager } from 'typeorm';
import { id, integer, nullable, oneOf, record, time, type Of } from '../platform/documents/schema';
import { userSchema, userView } from '../users/users.dto';
import type { Role } from './participant.entity';

export const ROLES = ['owner', 'admin', 'member'] as const satisfies Role[];

export const participantSchema = record(
  'Participant',
  {
    userId: id(),
    user: userSchema,
    role: oneOf(ROLES),
    readSeq: integer(0, { description: 'Read up to this `seq`.', example: 7 }),
    joinedAt: time(),
    leftAt: nullable(time('Of who has left or was removed.')),
  },
  'A user in a conversation.',
);
export type ParticipantView = Of<typeof participantSchema>;

/** A participant together with where it belongs and the `rev` of its last change. */
export interface PlacedParticipant {
  readonly conversationId: string;
  readonly rev: number;
  readonly view: ParticipantView;
}

interface ParticipantRow {
  conversation_id: string;
  user_id: string;
  role: Role;
  read_seq: number;
  rev: number;
  joined_at: Date;
  left_at: Date | null;
  username: string;
  display_name: string;
  avatar_url: string | null;
  status: string | null;
  user_created_at: Date;
}

const COLUMNS = `p.conversation_id, p.user_id, p.role, p.read_seq, p.rev, p.joined_at, p.left_at,
  u.username, u.display_name, u.avatar_url, u.status, u.created_at as user_created_at`;

/** How many participants a Conversation carries. */
export const PREVIEW_SIZE = 20;

/** The first participants of each conversation, in the order of joining. */
export async function previewParticipants(
  manager: EntityManager,
  conversationIds: readonly string[],
): Promise<PlacedParticipant[]> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${COLUMNS} from unnest($1::uuid[]) as wanted (id)
     cross join lateral (
       select * from conversation_participants p
       where p.conversation_id = wanted.id and p.left_at is null
       order by p.joined_at, p.user_id limit ${PREVIEW_SIZE}) p
     join users u on u.id = p.user_id
     order by p.joined_at, p.user_id`,
    [conversationIds],
  );
  return rows.map(placed);
}

/** Everybody who is in the conversation, in the order of joining. Served by `conversation_participants_pkey`. */
export async function listParticipants(
  manager: EntityManager,
  conversationId: string,
): Promise<ParticipantView[]> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${COLUMNS} from conversation_participants p join users u on u.id = p.user_id
     where p.conversation_id = $1 and p.left_at is null order by p.joined_at, p.user_id`,
    [conversationId],
  );
  return rows.map((row) => placed(row).view);
}

/** One participant, also one who has left. */
export async function findParticipant(
  manager: EntityManager,
  conversationId: string,
  userId: string,
): Promise<PlacedParticipant | undefined> {
  const rows: ParticipantRow[] = await manager.query(
    `select ${COLUMNS} from conversation_participants p join users u on u.id = p.user_id
     where p.conversation_id = $1 and p.user_id = $2`,
    [conversationId, userId],
  );
  return rows.map(placed)[0];
}

/** Some participants of some conversations, also ones who have left. Served by `conversation_participants_pkey`. */
export async function findParticipants(
  manager: EntityManager,
  places: readonly { conversationId: string; userId: string }[],
): Promise<PlacedParticipant[]> {
  if (places.length === 0) return [];
  const rows: ParticipantRow[] = await manager.query(
    `select ${COLUMNS} from unnest($1::uuid[], $2::uuid[]) as place (conversation_id, user_id)
     join conversation_participants p on p.conversation_id = place.conversation_id and p.user_id = place.user_id
     join users u on u.id = p.user_id`,
    [places.map(({ conversationId }) => conversationId), places.map(({ userId }) => userId)],
  );
  return rows.map(placed);
}

/**
 * For each conversation up to `limit` participants that changed above `rev`, those who left included, in `rev` order.
 * Served by `conversation_participants_rev_idx`.
 */
export async function changedParticipants(
  manager: EntityManager,
  cursors: readonly { conversationId: string; rev: number }[],
  limit: number,
): Promise<PlacedParticipant[]> {
  if (cursors.length === 0) return [];
  const rows: ParticipantRow[] = await manager.query(
    `select ${COLUMNS} from unnest($1::uuid[], $2::bigint[]) as cursor (conversation_id, rev)
     cross join lateral (
       select * from conversation_participants p
       where p.conversation_id = cursor.conversation_id and p.rev > cursor.rev
       order by p.rev limit $3) p
     join users u on u.id = p.user_id
     order by p.rev`,
    [cursors.map((cursor) => cursor.conversationId), cursors.map((cursor) => cursor.rev), limit],
  );
  return rows.map(placed);
}

function placed(row: ParticipantRow): PlacedParticipant {
  const user = userView({
    id: row.user_id,
    username: row.username,
    displayName: row.display_name,
    avatarUrl: row.avatar_url,
    status: row.status,
    createdAt: row.user_created_at,
  });
  return {
    conversationId: row.conversation_id,
    rev: row.rev,
    view: {
      userId: row.user_id,
      user,
      role: row.role,
      readSeq: row.read_seq,
      joinedAt: row.joined_at.toISOString(),
      leftAt: row.left_at?.toISOString() ?? null,
    },
  };
}
