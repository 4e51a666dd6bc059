import type { OnModuleInit } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Command, Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import { conversationRoom } from '../membership/conversation-room';
import { ReadPositionCommandDto, type ReadPositionView, readPositionSchema } from './conversations.dto';
import {
  ConversationAdded,
  ConversationChanged,
  ConversationDeleted,
  ConversationHidden,
  ParticipantChanged,
  ParticipantLeft,
  ReadPositionChanged,
  conversationEventSchema,
  participantEventSchema,
  readEventSchema,
  removedEventSchema,
} from './conversations.events';
import { ReadPositionsService } from './read-positions.service';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';

/** Broadcasts changes of conversations to participants, and keeps rooms in line with the stored participants. */
@WebSocketGateway()
@Emits({
  'conversation:created': {
    summary:
      'The user has a new conversation: it was created, the user was added, or the user opened it again.',
    payload: conversationEventSchema,
  },
  'conversation:updated': { summary: 'Title or description changed.', payload: conversationEventSchema },
  'conversation:removed': {
    summary:
      'The user left or was removed, hid the conversation on one of their devices, or the group was deleted.',
    payload: removedEventSchema,
  },
  'participant:joined': { summary: 'A participant was added.', payload: participantEventSchema },
  'participant:updated': { summary: 'A participant’s role changed.', payload: participantEventSchema },
  'participant:left': { summary: 'A participant left or was removed.', payload: participantEventSchema },
  'conversation:read': {
    summary:
      'A read position moved. In large groups, and in a direct conversation while a block stands, only the user’s own devices get it.',
    payload: readEventSchema,
  },
})
export class ConversationsGateway implements OnModuleInit {
  constructor(
    private readonly readPositions: ReadPositionsService,
    private readonly events: EventBus,
    private readonly rooms: Rooms,
  ) {}

  onModuleInit(): void {
    this.events.on(ConversationAdded, (event) => this.added(event));
    this.events.on(ConversationChanged, ({ rev, conversation }) =>
      this.rooms.emit(conversationRoom(conversation.id), 'conversation:updated', {
        conversationId: conversation.id,
        rev,
        conversation,
      }),
    );
    this.events.on(ConversationHidden, ({ conversationId, userId }) =>
      this.rooms.emit(userRoom(userId), 'conversation:removed', { conversationId }),
    );
    this.events.on(ConversationDeleted, ({ conversationId }) => {
      this.rooms.emit(conversationRoom(conversationId), 'conversation:removed', { conversationId });
      this.rooms.close(conversationRoom(conversationId));
    });
    this.events.on(ParticipantChanged, ({ kind, conversationId, rev, participant }) =>
      this.rooms.emit(conversationRoom(conversationId), `participant:${kind}`, {
        conversationId,
        rev,
        participant,
      }),
    );
    this.events.on(ParticipantLeft, (event) => this.left(event));
    this.events.on(ReadPositionChanged, ({ conversationId, userId, seq, isShared }) =>
      this.rooms.emit(isShared ? conversationRoom(conversationId) : userRoom(userId), 'conversation:read', {
        conversationId,
        userId,
        seq,
      }),
    );
  }

  @SubscribeMessage('conversation:read')
  @Command({
    summary: 'Move your read position',
    answer: readPositionSchema,
    problems: [CONVERSATION_NOT_FOUND],
    isWrite: true,
  })
  async read(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, ...input }: ReadPositionCommandDto,
  ): Promise<ReadPositionView> {
    return this.readPositions.set(userId, conversationId, input);
  }

  private added({ userIds, rev, conversation }: ConversationAdded): void {
    for (const userId of userIds) {
      this.rooms.join(userId, conversationRoom(conversation.id));
      this.rooms.emit(userRoom(userId), 'conversation:created', {
        conversationId: conversation.id,
        rev,
        conversation,
      });
    }
  }

  /** The user leaves the room first: no later event may reach them. */
  private left({ conversationId, rev, participant }: ParticipantLeft): void {
    const room = conversationRoom(conversationId);
    this.rooms.leave(participant.userId, room);
    this.rooms.emit(userRoom(participant.userId), 'conversation:removed', { conversationId });
    this.rooms.emit(room, 'participant:left', { conversationId, rev, participant });
  }
}
