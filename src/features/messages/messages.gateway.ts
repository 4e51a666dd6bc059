import type { OnModuleInit } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Command, Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { Metrics } from '../../platform/metrics/metrics';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import { conversationRoom } from '../membership/conversation-room';
import { MessageEdits } from './message-edits';
import { type MessageView, messageSchema } from './message-view';
import { EditMessageCommandDto, MessageReferenceDto, SendMessageCommandDto } from './messages.dto';
import { MessageCreated, MessageDeleted, MessageUpdated } from './messages.events';
import { MessagesService } from './messages.service';
import {
  MESSAGE_ID_CONFLICT,
  MESSAGE_NOT_FOUND,
  MESSAGE_TOO_LONG,
  VERSION_CONFLICT,
} from './messages.problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';

/** Message commands, and the broadcast of messages as they were stored (G5). */
@WebSocketGateway()
@Emits({
  'message:created': { summary: 'A message was stored; its `seq` is the position.', payload: messageSchema },
  'message:updated': { summary: 'A message was changed; its `rev` is the position.', payload: messageSchema },
  'message:deleted': {
    summary:
      'A message became a tombstone; its `rev` is the position. While a block stands between two people, only the sender’s devices get it.',
    payload: messageSchema,
  },
})
export class MessagesGateway implements OnModuleInit {
  private readonly told;

  constructor(
    private readonly messages: MessagesService,
    private readonly edits: MessageEdits,
    private readonly events: EventBus,
    private readonly rooms: Rooms,
    metrics: Metrics,
  ) {
    this.told = metrics.counter('xfchat_messages_broadcast_total', 'New messages broadcast to their room');
  }

  onModuleInit(): void {
    this.events.on(MessageCreated, ({ message }) => {
      this.broadcast('message:created', message);
      this.told.inc();
    });
    this.events.on(MessageUpdated, ({ message }) => this.broadcast('message:updated', message));
    this.events.on(MessageDeleted, ({ message, onlyUserId }) =>
      onlyUserId === undefined
        ? this.broadcast('message:deleted', message)
        : this.rooms.emit(userRoom(onlyUserId), 'message:deleted', message),
    );
  }

  @SubscribeMessage('message:send')
  @Command({
    summary: 'Send a message',
    isDirect: true,
    answer: messageSchema,
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN, MESSAGE_ID_CONFLICT, MESSAGE_TOO_LONG],
    isWrite: true,
  })
  async send(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, ...input }: SendMessageCommandDto,
  ): Promise<MessageView> {
    return (await this.messages.send(userId, conversationId, input)).message;
  }

  @SubscribeMessage('message:edit')
  @Command({
    summary: 'Edit a message',
    answer: messageSchema,
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN, VERSION_CONFLICT, MESSAGE_TOO_LONG],
    isWrite: true,
  })
  async edit(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId, ...edit }: EditMessageCommandDto,
  ): Promise<MessageView> {
    return this.edits.edit(userId, conversationId, messageId, edit);
  }

  @SubscribeMessage('message:delete')
  @Command({
    summary: 'Delete a message',
    answer: messageSchema,
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN],
    isWrite: true,
  })
  async delete(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId }: MessageReferenceDto,
  ): Promise<MessageView> {
    return this.edits.delete(userId, conversationId, messageId);
  }

  private broadcast(event: string, message: MessageView): void {
    this.rooms.emit(conversationRoom(message.conversationId), event, message);
  }
}
