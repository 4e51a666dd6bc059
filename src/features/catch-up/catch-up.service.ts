import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { findOwnConversations, type ConversationView } from '../conversations/conversation-view';
import { messageView, type MessageRow } from '../messages/message-view';
import { changedMessages, newMessages, type Cursor } from '../messages/messages.queries';
import {
  allParticipants,
  changedParticipants,
  type ParticipantView,
  type PlacedParticipant,
} from '../membership/participant-view';
import { inSnapshot } from '../../platform/database/transaction';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { CURSOR_RESET } from './catch-up.problems';
import { Problem } from '../../platform/problems/problem';
import { isStoredId } from '../../platform/validation/field-rules';
import type { Changes, ChangesDto, SyncDto, SyncedConversation } from './catch-up.dto';
import { assembleChanges, type Ingredients } from './assemble-changes';
import { readHeads, type Head } from './catch-up.queries';

/** Items in one answer, over all of its conversations; each gets a fair share. */
const MAX_CHANGES = 2_000;
const MAX_CHANGES_PER_CONVERSATION = 500;
const MIN_CHANGES_PER_CONVERSATION = 10;
/**
 * Participants in one answer to clients that start from nothing. Conversations beyond this limit are answered empty,
 * and the client asks again.
 */
const MAX_PEOPLE = 2_000;

type Found = Changes | 'gone' | 'reset';

/** Sends a client exactly what it lacks, after any absence (G4). Reads everything from one snapshot. */
@Injectable()
export class CatchUpService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws Problem `conversation-not-found` or `cursor-reset` */
  async changes(userId: string, conversationId: string, query: ChangesDto): Promise<Changes> {
    const cursor = { conversationId, seq: query.seq ?? 0, rev: query.rev ?? 0 };
    const [found] = await this.read(userId, query.epoch, [cursor]);
    if (found === 'gone' || found === undefined) throw new Problem(CONVERSATION_NOT_FOUND);
    if (found === 'reset') throw new Problem(CURSOR_RESET);
    return found;
  }

  /**
   * As `changes`, for many conversations at once, in the order of the cursors.
   * @param options.atMost about so many items in the answer
   * @param options.messagesOnly leaves out participants and the conversation for a client that starts from nothing
   */
  async sync(
    userId: string,
    { epoch, cursors }: SyncDto,
    options: ReadOptions = {},
  ): Promise<{ changes: SyncedConversation[] }> {
    const found = await this.read(userId, epoch, cursors, options);
    const changes = cursors.map(({ conversationId }, index): SyncedConversation => {
      const entry = found[index]!;
      if (entry === 'gone') return { conversationId, gone: true };
      if (entry === 'reset') return { conversationId, reset: true };
      return { conversationId, ...entry };
    });
    return { changes };
  }

  private async read(
    userId: string,
    epoch: number | undefined,
    cursors: readonly Cursor[],
    { atMost = MAX_CHANGES, messagesOnly = false }: ReadOptions = {},
  ): Promise<Found[]> {
    return inSnapshot(this.dataSource, async (manager) => {
      const ids = [...new Set(cursors.map((cursor) => cursor.conversationId))].filter(isStoredId);
      const { epoch: current, heads } = await readHeads(manager, userId, ids);
      const isSame = epoch === undefined || epoch === current;
      const fitting = cursors.filter((cursor) => isSame && fits(cursor, heads.get(cursor.conversationId)));
      const limit = shareOf(fitting.length, atMost);
      const rows = await readRows(
        manager,
        userId,
        fitting,
        heads,
        limit,
        messagesOnly ? [] : fitting.filter(isNothing),
      );
      return cursors.map((cursor): Found => {
        const head = heads.get(cursor.conversationId);
        if (!head) return 'gone';
        if (!isSame || !fits(cursor, head)) return 'reset';
        if (!messagesOnly && isNothing(cursor) && !rows.everybody.has(cursor.conversationId))
          return postponed(cursor, head, current);
        return assembleChanges({ cursor, head, epoch: current, limit, ...rowsOf(rows, cursor) });
      });
    });
  }
}

/** A cursor ahead of the conversation belongs to another history. */
const fits = (cursor: Cursor, head: Head | undefined): boolean =>
  head !== undefined && cursor.seq <= head.seq && cursor.rev <= head.rev;

const isNothing = ({ seq, rev }: Cursor): boolean => seq === 0 && rev === 0;

/** An empty answer for a conversation whose participants do not fit: the client asks again from the same cursor. */
function postponed({ seq, rev }: Cursor, head: Head, epoch: number): Changes {
  return {
    ...{ messages: [], participants: [], conversation: null, epoch, complete: false, own: head.own },
    head: { seq: head.seq, rev: head.rev },
    cursor: { seq, rev },
  };
}

/** How many items each conversation gets. */
function shareOf(conversations: number, atMost: number): number {
  const share = Math.floor(atMost / Math.max(1, conversations));
  return Math.min(MAX_CHANGES_PER_CONVERSATION, Math.max(MIN_CHANGES_PER_CONVERSATION, share));
}

interface ReadOptions {
  readonly atMost?: number;
  readonly messagesOnly?: boolean;
}

interface Rows {
  created: MessageRow[];
  changed: MessageRow[];
  participants: PlacedParticipant[];
  /** Conversations with a changed title or description, and those in `everybody`, as the user sees them. */
  views: ConversationView[];
  /** Participants by conversation, where the client starts from nothing. */
  everybody: Map<string, ParticipantView[]>;
}

/**
 * Queries only where the heads show changes: a client that has everything costs no more than reading the heads. Changes
 * follow all new messages, so where those fill the answer no changes are read.
 */
async function readRows(
  manager: EntityManager,
  userId: string,
  cursors: readonly Cursor[],
  heads: ReadonlyMap<string, Head>,
  limit: number,
  fromNothing: readonly Cursor[],
): Promise<Rows> {
  const headOf = (cursor: Cursor): Head => heads.get(cursor.conversationId)!;
  const created = await newMessages(
    manager,
    cursors.filter((cursor) => cursor.seq < headOf(cursor).seq),
    limit + 1,
  );
  const behind = cursors.filter(
    (cursor) => cursor.rev < headOf(cursor).rev && headOf(cursor).seq - cursor.seq <= limit,
  );
  const renamed = behind.filter((cursor) => cursor.rev < headOf(cursor).settingsRev);
  const everybody = await allParticipants(
    manager,
    fromNothing.map(({ conversationId }) => conversationId),
    MAX_PEOPLE,
    userId,
  );
  return {
    created,
    changed: await changedMessages(
      manager,
      behind.map((cursor) => ({ ...cursor, blockedRev: headOf(cursor).blockedRev })),
      limit + 1,
      userId,
    ),
    participants: await changedParticipants(manager, behind, limit + 1, userId),
    views: await findOwnConversations(manager, userId, [
      ...new Set([...everybody.keys(), ...renamed.map((cursor) => cursor.conversationId)]),
    ]),
    everybody,
  };
}

function rowsOf(
  rows: Rows,
  { conversationId }: Cursor,
): Pick<Ingredients, 'created' | 'changed' | 'participants' | 'view' | 'everybody'> {
  return {
    created: rows.created.filter((row) => row.conversation_id === conversationId).map(messageView),
    changed: rows.changed.filter((row) => row.conversation_id === conversationId).map(messageView),
    participants: rows.participants.filter((entry) => entry.conversationId === conversationId),
    view: rows.views.find((view) => view.id === conversationId),
    everybody: rows.everybody.get(conversationId),
  };
}
