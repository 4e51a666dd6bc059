import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import {
  findOwnConversations,
  settingsRevs,
  type ConversationView,
} from '../conversations/conversation-view';
import { messageView, type MessageRow } from '../messages/message-view';
import { changedMessages, newMessages, type Cursor } from '../messages/messages.queries';
import { changedParticipants, type PlacedParticipant } from '../participation/participant-view';
import { DatabaseState } from '../platform/database/database-state.entity';
import { inSnapshot } from '../platform/database/transaction';
import { Problem } from '../platform/problems/problem';
import type { Changes, ChangesDto, SyncDto, SyncedConversation } from './catch-up.dto';
import { assembleChanges, type Ingredients } from './assemble-changes';

/** What one answer may carry, over all the conversations that it is about; each gets a fair share of it. */
const MAX_CHANGES = 2_000;
const MAX_CHANGES_PER_CONVERSATION = 500;
const MIN_CHANGES_PER_CONVERSATION = 10;

type Found = Changes | 'gone' | 'reset';

/** Tells a client exactly what it lacks, after any absence (G4). Read under one snapshot. */
@Injectable()
export class CatchUpService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws Problem `conversation-not-found` or `cursor-reset` */
  async changes(userId: string, conversationId: string, query: ChangesDto): Promise<Changes> {
    const cursor = { conversationId, seq: query.seq ?? 0, rev: query.rev ?? 0 };
    const [found] = await this.read(userId, query.epoch, [cursor]);
    if (found === 'gone' || found === undefined) throw new Problem('conversation-not-found');
    if (found === 'reset') throw new Problem('cursor-reset');
    return found;
  }

  /** The same for many conversations at once, in the order of the cursors. */
  async sync(userId: string, { epoch, cursors }: SyncDto): Promise<{ changes: SyncedConversation[] }> {
    const found = await this.read(userId, epoch, cursors);
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
  ): Promise<Found[]> {
    return inSnapshot(this.dataSource, async (manager) => {
      const { epoch: current } = await manager.findOneByOrFail(DatabaseState, { id: true });
      const ids = [...new Set(cursors.map((cursor) => cursor.conversationId))];
      const views = new Map(
        (await findOwnConversations(manager, userId, ids)).map((view) => [view.id, view]),
      );
      const fitting = cursors.filter((cursor) =>
        fits(cursor, views.get(cursor.conversationId), epoch, current),
      );
      const share = Math.floor(MAX_CHANGES / Math.max(1, fitting.length));
      const limit = Math.min(MAX_CHANGES_PER_CONVERSATION, Math.max(MIN_CHANGES_PER_CONVERSATION, share));
      const rows = await readRows(manager, fitting, limit);
      const revs = await settingsRevs(manager, ids);
      return cursors.map((cursor): Found => {
        const view = views.get(cursor.conversationId);
        if (!view) return 'gone';
        if (!fits(cursor, view, epoch, current)) return 'reset';
        const settingsRev = revs.get(view.id) ?? 0;
        return assembleChanges({ cursor, view, settingsRev, epoch: current, limit, ...rowsOf(rows, cursor) });
      });
    });
  }
}

interface Rows {
  created: MessageRow[];
  changed: MessageRow[];
  participants: PlacedParticipant[];
}

/** Changes are told after everything new: where that fills the answer, they need not be looked for. */
async function readRows(manager: EntityManager, cursors: readonly Cursor[], limit: number): Promise<Rows> {
  if (cursors.length === 0) return { created: [], changed: [], participants: [] };
  const created = await newMessages(manager, cursors, limit + 1);
  const counts = new Map<string, number>();
  for (const { conversation_id: id } of created) counts.set(id, (counts.get(id) ?? 0) + 1);
  const withRoom = cursors.filter(({ conversationId }) => (counts.get(conversationId) ?? 0) <= limit);
  return {
    created,
    changed: await changedMessages(manager, withRoom, limit + 1),
    participants: await changedParticipants(manager, withRoom, limit + 1),
  };
}

function rowsOf(
  rows: Rows,
  { conversationId }: Cursor,
): Pick<Ingredients, 'created' | 'changed' | 'participants'> {
  return {
    created: rows.created.filter((row) => row.conversation_id === conversationId).map(messageView),
    changed: rows.changed.filter((row) => row.conversation_id === conversationId).map(messageView),
    participants: rows.participants.filter((entry) => entry.conversationId === conversationId),
  };
}

/** A cursor of another epoch, or ahead of the conversation, belongs to a history that is no more. */
function fits(
  cursor: Cursor,
  view: ConversationView | undefined,
  epoch: number | undefined,
  current: number,
): boolean {
  if (!view || (epoch !== undefined && epoch !== current)) return false;
  return cursor.seq <= view.lastSeq && cursor.rev <= view.lastRev;
}
