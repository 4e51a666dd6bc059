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

/** Shows who is typing: live only, never stored. */
@WebSocketGateway()
@Emits({
  typing: {
    summary: `A user starts or stops typing in a conversation. Typing ends by itself after ${SECONDS} s, when the message is sent, and when the socket closes. The typist’s other devices get the event too.`,
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
    this.told = metrics.counter(
      'xfchat_typing_broadcast_total',
      'Typing events sent to rooms (started or stopped)',
    );
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
    summary: 'Report that the user is typing',
    description: `Repeat it every few seconds while the user types: typing ends by itself after ${SECONDS} s. It is not shown in groups of more than ${MAX_TOLD_SIZE} people, in a direct conversation while a block stands, or for an invisible user.`,
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
    summary: 'Report that the user stopped typing',
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
