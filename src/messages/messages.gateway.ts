import type { OnModuleInit } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EventBus } from '../platform/events/event-bus';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { DirectCommands } from '../platform/sockets/direct-commands';
import { conversationRoom, Rooms } from '../platform/sockets/rooms';
import { checkSendCommand } from './check-send-command';
import { MessageEdits } from './message-edits';
import type { MessageView } from './message-view';
import { EditMessageCommandDto, MessageReferenceDto } from './messages.dto';
import { MessageCreated, MessageDeleted, MessageUpdated } from './messages.events';
import { MessagesService } from './messages.service';

/** Message commands, and the broadcast of messages as they were stored (G5). */
@WebSocketGateway()
export class MessagesGateway implements OnModuleInit {
  constructor(
    private readonly messages: MessagesService,
    private readonly edits: MessageEdits,
    private readonly events: EventBus,
    private readonly rooms: Rooms,
    private readonly commands: DirectCommands,
  ) {}

  onModuleInit(): void {
    this.commands.on('message:send', ({ userId }, payload) => this.send(userId, payload));
    this.events.on(MessageCreated, ({ message }) => this.broadcast('message:created', message));
    this.events.on(MessageUpdated, ({ message }) => this.broadcast('message:updated', message));
    this.events.on(MessageDeleted, ({ message }) => this.broadcast('message:deleted', message));
  }

  /** The most frequent command of all, hence without Nest's pipes. */
  private async send(userId: string, payload: unknown): Promise<MessageView> {
    const { conversationId, ...input } = checkSendCommand(payload);
    return (await this.messages.send(userId, conversationId, input)).message;
  }

  @SubscribeMessage('message:edit')
  async edit(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId, ...edit }: EditMessageCommandDto,
  ): Promise<MessageView> {
    return this.edits.edit(userId, conversationId, messageId, edit);
  }

  @SubscribeMessage('message:delete')
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
