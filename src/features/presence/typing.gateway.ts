import type { OnModuleInit } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { Command, Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Metrics } from '../../platform/metrics/metrics';
import { Signals } from '../../platform/servers/signals';
import { Rooms } from '../../platform/sockets/rooms';
import { ParticipantLeft } from '../conversations/conversations.events';
import { UserBlocked, UserUnblocked } from '../friends/friends.events';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { MessageCreated } from '../messages/messages.events';
import { doneSchema, TypingCommandDto, typingEventSchema, type DoneView } from './presence.dto';
import { PresenceSettingsChanged } from './presence.events';
import { MAX_TOLD_SIZE, TYPING_MS, TypingService, type TypingSignal } from './typing.service';

const SECONDS = TYPING_MS / 1_000;

/** Who is typing: live only, and never stored. */
@WebSocketGateway()
@Emits({
  typing: {
    summary: `Somebody types in a conversation, or does not any more. It ends by itself after ${SECONDS} s, when the message is sent, and when the socket is gone. Other devices of the typist are told too.`,
    payload: typingEventSchema,
  },
})
export class TypingGateway implements OnModuleInit, OnGatewayConnection {
  private readonly told;

  constructor(
    private readonly typing: TypingService,
    private readonly events: EventBus,
    private readonly signals: Signals,
    private readonly rooms: Rooms,
    metrics: Metrics,
  ) {
    this.told = metrics.counter('xfchat_typing_broadcast_total', 'Beginnings and ends of typing, by room');
  }

  onModuleInit(): void {
    this.signals.on<TypingSignal>('typing', ({ from, ...event }, room) => {
      this.rooms.emitToOthers(room, from, 'typing', event);
      this.told.inc();
    });
    this.events.on(MessageCreated, ({ message: { senderId, conversationId } }) => {
      if (senderId !== null) this.typing.ended(senderId, conversationId);
    });
    this.events.on(ParticipantLeft, ({ conversationId, participant }) =>
      this.typing.ended(participant.userId, conversationId),
    );
    this.events.on(PresenceSettingsChanged, ({ userId }) => this.typing.forget(userId));
    for (const event of [UserBlocked, UserUnblocked])
      this.events.on(event, ({ userIds, conversationId }) => {
        for (const userId of userIds) this.typing.forget(userId, conversationId);
      });
  }

  handleConnection(socket: Socket): void {
    socket.once('disconnect', () => this.typing.disconnected(socket));
  }

  @SubscribeMessage('typing:start')
  @Command({
    summary: 'Say that one types in a conversation',
    description: `To be repeated every few seconds for as long as one types: it ends by itself after ${SECONDS} s. Nobody is told in groups of more than ${MAX_TOLD_SIZE} people, while a block stands in a direct conversation, and of a person who is invisible.`,
    answer: doneSchema,
    problems: [CONVERSATION_NOT_FOUND],
    isWrite: false,
  })
  async start(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { conversationId }: TypingCommandDto,
  ): Promise<DoneView> {
    await this.typing.start(socket, conversationId);
    return {};
  }

  @SubscribeMessage('typing:stop')
  @Command({
    summary: 'Say that one does not type any more',
    answer: doneSchema,
    problems: [CONVERSATION_NOT_FOUND],
    isWrite: false,
  })
  async stop(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { conversationId }: TypingCommandDto,
  ): Promise<DoneView> {
    await this.typing.stop(socket, conversationId);
    return {};
  }
}
