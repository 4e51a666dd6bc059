import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { directKeyOf, isBlocked, requireContacts } from '../relationships/contacts.queries';
import { lockTwoPeople } from '../relationships/lock-two-people';
import { Configuration } from '../../platform/configuration/configuration';
import { violatedConstraint } from '../../platform/database/database-problem';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import { NEXT_LIST_POSITION, readListCursor } from '../../platform/pagination/list-position';
import type { ListQueryDto } from '../../platform/pagination/page';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { USER_NOT_FOUND } from '../users/users.problems';
import { CONVERSATION_ID_CONFLICT } from './conversations.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { lockConversation, requireRole, takeRevs } from '../membership/conversation-access';
import { Conversation } from '../membership/conversation.entity';
import { Participant, type Role } from '../membership/participant.entity';
import { MAX_PARTICIPANTS, requireRoomForGroup } from '../membership/group-limits';
import { holdPeople } from '../users/people.queries';
import { IS_PERSON, User } from '../users/user.entity';
import {
  findOwnConversations,
  listOwnConversations,
  sharedConversation,
  type ConversationView,
} from './conversation-view';
import type { ConversationList, CreateConversationDto, UpdateConversationDto } from './conversations.dto';
import {
  ConversationAdded,
  ConversationChanged,
  ConversationDeleted,
  ConversationHidden,
} from './conversations.events';

/** Creates, lists, renames and deletes conversations. */
@Injectable()
export class ConversationsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Creates a conversation. A pair of people has one direct conversation, so asking again gives the same one.
   * @throws Problem `validation-failed`, `user-not-found`, `forbidden` or `conversation-id-conflict`
   */
  async create(
    userId: string,
    input: CreateConversationDto,
  ): Promise<{ conversation: ConversationView; isNew: boolean }> {
    const others = [...new Set(input.participantIds)].filter((id) => id !== userId);
    if (input.type === 'direct') {
      const groupField = (['id', 'title', 'description'] as const).find(
        (field) => input[field] !== undefined,
      );
      if (groupField) throw invalidField(`/${groupField}`, 'is for groups only');
      if (others.length !== 1 || input.participantIds.length !== 1) {
        throw invalidField('/participantIds', 'must name exactly one other person');
      }
      return this.createDirect(userId, others[0]!);
    }
    if (input.title === undefined) throw invalidField('/title', 'is required for a group');
    if (others.length >= MAX_PARTICIPANTS)
      throw invalidField('/participantIds', `must name fewer than ${MAX_PARTICIPANTS} others`);
    return { conversation: await this.createGroup(userId, input, others), isNew: true };
  }

  private async createDirect(
    userId: string,
    otherId: string,
  ): Promise<{ conversation: ConversationView; isNew: boolean }> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      // Serializes with a block between the two: the block is committed before or after this, never in between.
      await lockTwoPeople(manager, userId, otherId, { pair: 'shared' });
      await requireUsers(manager, userId, [otherId]);
      const existing = await findDirect(manager, userId, otherId);
      if (existing && (await isBlocked(manager, userId, otherId))) throw new Problem(FORBIDDEN);
      if (existing) return this.reopen(manager, existing, [userId], userId, announce);
      await requireContacts(manager, this.configuration.CONTACT_POLICY, userId, [otherId]);
      return this.openDirect(manager, userId, otherId, announce);
    });
  }

  /**
   * Finds or creates the direct conversation of two people, in the caller's transaction.
   * @param openedFor those of the two who see it in their list again if they had hidden it
   */
  async openDirect(
    manager: EntityManager,
    userId: string,
    otherId: string,
    announce: Announce,
    openedFor: readonly string[] = [userId],
  ): Promise<{ conversation: ConversationView; isNew: boolean }> {
    const id = uuidv7();
    // Waits for a concurrent creation of the same pair, and then uses that conversation.
    const created: unknown[] = await manager.query(
      `insert into conversations (id, type, direct_key, created_by, list_position)
       values ($1, 'direct', $2, $3, next_list_position())
       on conflict on constraint conversations_direct_key_key do nothing returning id`,
      [id, directKeyOf(userId, otherId), userId],
    );
    if (created.length === 0) {
      const existing = await findDirect(manager, userId, otherId);
      return this.reopen(manager, existing!, openedFor, userId, announce);
    }
    await addAll(manager, id, [userId, otherId], () => 'member');
    const shared = await sharedConversation(manager, id);
    announce(new ConversationAdded([userId, otherId], 0, shared));
    return { conversation: await this.view(manager, userId, id), isNew: true };
  }

  /** Puts a direct conversation back into the lists of people who had hidden it. All their devices get one event. */
  private async reopen(
    manager: EntityManager,
    id: string,
    openedFor: readonly string[],
    userId: string,
    announce: Announce,
  ): Promise<{ conversation: ConversationView; isNew: false }> {
    const [rows] = await manager.query<[{ user_id: string }[], number]>(
      `update conversation_participants p set hidden_seq = null
       from conversations c
       where c.id = p.conversation_id and p.conversation_id = $1 and p.user_id = any ($2) and c.last_seq <= p.hidden_seq
       returning p.user_id`,
      [id, openedFor],
    );
    if (rows.length > 0) {
      const shared = await sharedConversation(manager, id);
      const userIds = rows.map((row) => row.user_id);
      announce(new ConversationAdded(userIds, shared.lastRev, shared));
    }
    return { conversation: await this.view(manager, userId, id), isNew: false };
  }

  private async createGroup(
    userId: string,
    input: CreateConversationDto,
    others: string[],
  ): Promise<ConversationView> {
    const id = input.id ?? uuidv7();
    try {
      return await inTransaction(this.dataSource, async (manager, announce) => {
        await requireUsers(manager, userId, others);
        await requireContacts(manager, this.configuration.CONTACT_POLICY, userId, others);
        await requireRoomForGroup(manager, userId);
        const { title, description } = input;
        await manager.insert(Conversation, {
          id,
          type: 'group',
          title,
          description: description || null,
          createdBy: userId,
          listPosition: NEXT_LIST_POSITION,
        });
        const members = [userId, ...others];
        await addAll(manager, id, members, (memberId) => (memberId === userId ? 'owner' : 'member'));
        const shared = await sharedConversation(manager, id);
        announce(new ConversationAdded(members, 0, shared));
        return this.view(manager, userId, id);
      });
    } catch (error) {
      throw violatedConstraint(error) === 'conversations_pkey'
        ? new Problem(CONVERSATION_ID_CONFLICT)
        : error;
    }
  }

  /** Latest activity first. @throws Problem `validation-failed` for an invalid cursor */
  async list(userId: string, query: ListQueryDto): Promise<ConversationList> {
    const after = readListCursor(query.cursor);
    return listOwnConversations(this.dataSource.manager, userId, after, query.limit ?? DEFAULT_PAGE_SIZE);
  }

  /** @throws Problem `conversation-not-found` */
  async get(userId: string, conversationId: string): Promise<ConversationView> {
    return this.view(this.dataSource.manager, userId, conversationId);
  }

  /** @throws Problem `conversation-not-found` or `forbidden` */
  async update(
    userId: string,
    conversationId: string,
    input: UpdateConversationDto,
  ): Promise<ConversationView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      requireRole(access, 'admin');
      const { conversation } = access;
      // A group always has a title, so null keeps the current one.
      const title = input.title ?? conversation.title;
      const description =
        input.description === undefined ? conversation.description : input.description || null;
      if (title !== conversation.title || description !== conversation.description) {
        const rev = await takeRevs(manager, conversationId);
        await manager.update(Conversation, conversationId, {
          title,
          description,
          settingsRev: rev,
          updatedAt: () => 'now()',
        });
        const shared = await sharedConversation(manager, conversationId);
        announce(new ConversationChanged(rev, shared));
      }
      return this.view(manager, userId, conversationId);
    });
  }

  /**
   * The owner deletes a group for everybody. A direct conversation is only hidden from the caller's list until the next
   * message, or until they open it again. All devices of the affected users get an event.
   * @throws Problem `conversation-not-found` or `forbidden`
   */
  async delete(userId: string, conversationId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      if (access.conversation.type === 'direct') {
        const hiddenSeq = access.conversation.lastSeq;
        if (hiddenSeq <= (access.participant.hiddenSeq ?? -1)) return;
        await manager.update(Participant, { conversationId, userId }, { hiddenSeq });
        announce(new ConversationHidden(conversationId, userId));
        return;
      }
      requireRole(access, 'owner');
      await manager.update(Conversation, conversationId, { deletedAt: () => 'now()' });
      announce(new ConversationDeleted(conversationId));
    });
  }

  private async view(
    manager: EntityManager,
    userId: string,
    conversationId: string,
  ): Promise<ConversationView> {
    const [view] = await findOwnConversations(manager, userId, [conversationId]);
    if (!view) throw new Problem(CONVERSATION_NOT_FOUND);
    return view;
  }
}

/** Served by `conversations_direct_key_key`. */
async function findDirect(manager: EntityManager, a: string, b: string): Promise<string | undefined> {
  return (await manager.findOneBy(Conversation, { directKey: directKeyOf(a, b) }))?.id;
}

/** Locks the users: none of them is erased before the transaction ends. @throws Problem `user-not-found` */
async function requireUsers(manager: EntityManager, userId: string, others: string[]): Promise<void> {
  await holdPeople(manager, [userId, ...others]);
  const found = await manager.countBy(User, { id: In(others), ...IS_PERSON });
  if (found !== others.length) throw new Problem(USER_NOT_FOUND);
}

async function addAll(
  manager: EntityManager,
  conversationId: string,
  userIds: string[],
  roleOf: (userId: string) => Role,
): Promise<void> {
  await manager.insert(
    Participant,
    userIds.map((userId) => ({ conversationId, userId, role: roleOf(userId) })),
  );
}
