import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { isDirectBlocked } from '../relationships/contacts.queries';
import { isAtLeast, lockConversation, takeRevs } from '../membership/conversation-access';
import { inTransaction } from '../../platform/database/transaction';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { MESSAGE_NOT_FOUND, VERSION_CONFLICT } from './messages.problems';
import { Problem } from '../../platform/problems/problem';
import { requireContent } from './message-body';
import { replaceMentions } from './message-mentions.queries';
import { AllMentions } from './all-mentions';
import { currentVersion, messageView, type MessageRow, type MessageView } from './message-view';
import { MessageDeleted, MessageUpdated } from './messages.events';
import {
  addVersion,
  applyDeletion,
  applyEdit,
  beginHistory,
  findMessage,
  countVersions,
  findVersion,
  type NewVersion,
} from './messages.queries';

/** Versions of one message. Every reader of a history reads all of them, so they are bounded. */
const MAX_VERSIONS = 1_000;

export interface Edit {
  readonly body: string;
  /** The version(s) that the author saw. When absent, the edit is based on the current version. */
  readonly parents?: readonly string[];
  /** The client names the new version, so that repeating the edit is safe. */
  readonly version?: string;
}

/** Edits and deletes messages. Each change makes a new version with its parents and takes one `rev`. */
@Injectable()
export class MessageEdits {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly allMentions: AllMentions,
  ) {}

  /**
   * Only the sender edits. An edit with the same body takes no `rev`. In a direct conversation a block rejects edits as
   * it rejects sends: otherwise an edit could carry a new message past the block. Deleting stays possible. The mentions
   * become those of the new text, among the participants of now.
   * @throws Problem `conversation-not-found`, `message-not-found`, `forbidden`, `rate-limited` or `version-conflict`
   * (with `current`)
   */
  async edit(userId: string, conversationId: string, messageId: string, edit: Edit): Promise<MessageView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      const row = await loadMessage(manager, conversationId, messageId);
      if (row.sender_id !== userId) throw new Problem(FORBIDDEN);
      if (await isRepeated(manager, row, edit)) return messageView(row);
      if (access.conversation.type === 'direct' && (await isDirectBlocked(manager, userId, conversationId)))
        throw new Problem(FORBIDDEN);
      if (row.deleted_at || !isBasedOnCurrent(row, edit.parents)) throw conflict(row);
      if (row.body === edit.body) return messageView(row);
      requireContent(edit.body, row.attachments?.length ?? 0);
      if ((await countVersions(manager, messageId)) >= MAX_VERSIONS)
        throw new Problem(FORBIDDEN, { detail: `A message has at most ${MAX_VERSIONS} versions.` });
      this.allMentions.chargeEdit(access, row, edit.body);

      const version: NewVersion = {
        messageId,
        version: edit.version ?? uuidv7(),
        parents: [currentVersion(row)],
        authorId: userId,
        body: edit.body,
      };
      await beginHistory(manager, messageId);
      await addVersion(manager, version);
      const rev = await takeRevs(manager, conversationId);
      if (`${row.body}${edit.body}`.includes('@')) await replaceMentions(manager, messageId, edit.body);
      const message = messageView(await applyEdit(manager, version, rev));
      announce(new MessageUpdated(message));
      return message;
    });
  }

  /**
   * The sender deletes, or an admin of the group. Deleting a tombstone changes nothing. `parents` count as for an edit.
   * While a block stands between the two people of a direct conversation, only the caller's devices get the event.
   * @throws Problem `conversation-not-found`, `message-not-found`, `forbidden` or `version-conflict` (with `current`)
   */
  async delete(
    userId: string,
    conversationId: string,
    messageId: string,
    basis: Omit<Edit, 'body'> = {},
  ): Promise<MessageView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const { conversation, participant } = await lockConversation(manager, userId, conversationId);
      const row = await loadMessage(manager, conversationId, messageId);
      if (row.sender_id !== userId && !isAtLeast(participant.role, 'admin')) throw new Problem(FORBIDDEN);
      if (row.deleted_at) return messageView(row);
      if (!isBasedOnCurrent(row, basis.parents)) throw conflict(row);
      if (basis.version !== undefined && (await versionNamed(manager, row, basis.version)))
        throw conflict(row);

      const version: NewVersion = {
        messageId,
        version: basis.version ?? uuidv7(),
        parents: [currentVersion(row)],
        authorId: userId,
        body: null,
      };
      await beginHistory(manager, messageId);
      await addVersion(manager, version);
      const rev = await takeRevs(manager, conversationId);
      const message = messageView(await applyDeletion(manager, version, rev));
      const onlyUserId = conversation.blockedRev === null ? undefined : userId;
      announce(new MessageDeleted(message, onlyUserId));
      return message;
    });
  }
}

async function loadMessage(
  manager: EntityManager,
  conversationId: string,
  messageId: string,
): Promise<MessageRow> {
  const row = await findMessage(manager, conversationId, messageId);
  if (!row) throw new Problem(MESSAGE_NOT_FOUND);
  return row;
}

const conflict = (row: MessageRow): Problem =>
  new Problem(VERSION_CONFLICT, { carried: { current: messageView(row) } });

/**
 * The same version id with the same body is a repeated edit; with another body it is a conflict. A deletion removed the
 * bodies, so then the id suffices.
 */
async function isRepeated(manager: EntityManager, row: MessageRow, edit: Edit): Promise<boolean> {
  if (edit.version === undefined) return false;
  const same = await versionNamed(manager, row, edit.version);
  if (!same) return false;
  if (!row.deleted_at && same.body !== edit.body) throw conflict(row);
  return true;
}

/** A message that was never changed has one version, which has no row. */
async function versionNamed(
  manager: EntityManager,
  row: MessageRow,
  name: string,
): Promise<{ body: string | null } | undefined> {
  const isUnchanged = row.version === null;
  if (isUnchanged) return name === row.id ? row : undefined;
  return findVersion(manager, row.id, name);
}

/** A history is linear: the only parent of an edit is the current version. */
function isBasedOnCurrent(row: MessageRow, parents: readonly string[] | undefined): boolean {
  if (parents === undefined) return true;
  return parents.length > 0 && parents.every((parent) => parent === currentVersion(row));
}
