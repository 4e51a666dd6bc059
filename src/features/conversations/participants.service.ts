import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { requireContacts } from '../relationships/contacts.queries';
import { Configuration } from '../../platform/configuration/configuration';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { USER_NOT_FOUND } from '../users/users.problems';
import { OWNER_MUST_TRANSFER } from './conversations.problems';
import { Problem } from '../../platform/problems/problem';
import {
  accessConversation,
  isAbove,
  isAtLeast,
  lockConversation,
  requireRole,
  takeRevs,
  type Access,
} from '../membership/conversation-access';
import { Participant, type Role } from '../membership/participant.entity';
import { findParticipant, listParticipants, type ParticipantView } from '../membership/participant-view';
import { requireRoomForGroup, requireRoomInGroup } from '../membership/group-limits';
import { holdPeople } from '../users/people.queries';
import { IS_PERSON, User } from '../users/user.entity';
import { sharedConversation } from './conversation-view';
import { ConversationAdded, ParticipantChanged, ParticipantLeft } from './conversations.events';

/**
 * The participants of a group and their roles: `owner` > `admin` > `member`. Admins and the owner add people, and
 * change and remove those below themselves. A group has one owner, who hands over by making somebody else the owner.
 */
@Injectable()
export class ParticipantsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  /** @throws Problem `conversation-not-found` */
  async list(userId: string, conversationId: string): Promise<ParticipantView[]> {
    await accessConversation(this.dataSource.manager, userId, conversationId);
    return listParticipants(this.dataSource.manager, conversationId, userId);
  }

  /**
   * Adds a user, or changes the role of a participant.
   * @throws Problem `conversation-not-found`, `user-not-found`, `forbidden` or `owner-must-transfer`
   */
  async put(
    userId: string,
    conversationId: string,
    targetId: string,
    role: Role | undefined,
  ): Promise<ParticipantView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      if (access.conversation.type === 'direct') throw new Problem(FORBIDDEN);
      const target = await presentParticipant(manager, conversationId, targetId);
      if (!target) return this.add(manager, access, targetId, role, announce);
      if (role === undefined || role === target.role) return viewOf(manager, conversationId, targetId);
      if (targetId === userId && target.role === 'owner') throw new Problem(OWNER_MUST_TRANSFER);
      if (!isAbove(access.participant.role, target.role) || !mayGive(access, role))
        throw new Problem(FORBIDDEN);
      if (role === 'owner') await this.handOver(manager, access, targetId, announce);
      return this.setRole(manager, conversationId, targetId, role, announce);
    });
  }

  /**
   * Removes a participant, or lets the caller leave. Removing an outsider changes nothing.
   * @throws Problem `conversation-not-found`, `forbidden` or `owner-must-transfer`
   */
  async remove(userId: string, conversationId: string, targetId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      if (access.conversation.type === 'direct') throw new Problem(FORBIDDEN);
      if (targetId !== userId) requireRole(access, 'admin');
      const target = await presentParticipant(manager, conversationId, targetId);
      if (!target) return;
      if (targetId === userId && target.role === 'owner') throw new Problem(OWNER_MUST_TRANSFER);
      if (targetId !== userId && !isAbove(access.participant.role, target.role)) throw new Problem(FORBIDDEN);
      const rev = await takeRevs(manager, conversationId);
      await manager.update(Participant, { conversationId, userId: targetId }, { leftAt: () => 'now()', rev });
      const participant = await viewOf(manager, conversationId, targetId);
      announce(new ParticipantLeft(conversationId, rev, participant));
    });
  }

  private async add(
    manager: EntityManager,
    access: Access,
    targetId: string,
    role: Role = 'member',
    announce: Announce,
  ): Promise<ParticipantView> {
    requireRole(access, 'admin');
    const { id: conversationId, lastSeq } = access.conversation;
    if (!(await manager.existsBy(User, { id: targetId, ...IS_PERSON }))) throw new Problem(USER_NOT_FOUND);
    await holdPeople(manager, [targetId]);
    await requireContacts(manager, this.configuration.CONTACT_POLICY, access.participant.userId, [targetId]);
    await requireRoomInGroup(manager, conversationId);
    const given = mayGive(access, role) ? role : 'member';
    if (given === 'owner') await this.handOver(manager, access, targetId, announce);
    const rev = await takeRevs(manager, conversationId);
    // New and returning participants begin with everything read.
    await manager.query(
      `insert into conversation_participants (conversation_id, user_id, role, read_seq, rev) values ($1, $2, $3, $4, $5)
       on conflict (conversation_id, user_id) do update set role = excluded.role, read_seq = excluded.read_seq,
         rev = excluded.rev, hidden_seq = null, joined_at = now(), left_at = null`,
      [conversationId, targetId, given, lastSeq, rev],
    );
    const participant = await viewOf(manager, conversationId, targetId);
    const conversation = await sharedConversation(manager, conversationId);
    announce(new ConversationAdded([targetId], rev, conversation));
    announce(new ParticipantChanged('joined', conversationId, rev, participant));
    return participant;
  }

  /**
   * Makes the owner an admin before somebody else becomes the owner: a group never has two owners
   * (`conversation_participants_owner_key`). Two rows change, so this takes a `rev` of its own.
   */
  private async handOver(
    manager: EntityManager,
    access: Access,
    heirId: string,
    announce: Announce,
  ): Promise<void> {
    await requireRoomForGroup(manager, heirId);
    await this.setRole(manager, access.conversation.id, access.participant.userId, 'admin', announce);
  }

  private async setRole(
    manager: EntityManager,
    conversationId: string,
    userId: string,
    role: Role,
    announce: Announce,
  ): Promise<ParticipantView> {
    const rev = await takeRevs(manager, conversationId);
    await manager.update(Participant, { conversationId, userId }, { role, rev });
    const participant = await viewOf(manager, conversationId, userId);
    announce(new ParticipantChanged('updated', conversationId, rev, participant));
    return participant;
  }
}

/** Only participants with a higher role give a role. Only the owner makes somebody the owner. */
function mayGive(access: Access, role: Role): boolean {
  const own = access.participant.role;
  return own === 'owner' || (isAtLeast(own, 'admin') && isAbove(own, role));
}

async function presentParticipant(
  manager: EntityManager,
  conversationId: string,
  userId: string,
): Promise<ParticipantView | undefined> {
  const found = await findParticipant(manager, conversationId, userId);
  return found && found.view.leftAt === null ? found.view : undefined;
}

async function viewOf(
  manager: EntityManager,
  conversationId: string,
  userId: string,
): Promise<ParticipantView> {
  const found = await findParticipant(manager, conversationId, userId);
  return found!.view;
}
