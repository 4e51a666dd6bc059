import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Command } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { MessageMarks } from './message-marks';
import { type MessageView, messageSchema } from './message-view';
import { MessageReferenceDto, ReactionCommandDto } from './messages.dto';
import { MESSAGE_NOT_FOUND } from './messages.problems';

const ANSWERED = {
  answer: messageSchema,
  problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN],
  isWrite: true,
};

/** Reactions and pins. Participants learn of them by `message:updated`. */
@WebSocketGateway()
export class MessageMarksGateway {
  constructor(private readonly marks: MessageMarks) {}

  @SubscribeMessage('message:react')
  @Command({ summary: 'React to a message', ...ANSWERED })
  async react(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId, emoji }: ReactionCommandDto,
  ): Promise<MessageView> {
    return this.marks.react(userId, conversationId, messageId, emoji);
  }

  @SubscribeMessage('message:unreact')
  @Command({ summary: 'Take back a reaction', ...ANSWERED })
  async unreact(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId, emoji }: ReactionCommandDto,
  ): Promise<MessageView> {
    return this.marks.unreact(userId, conversationId, messageId, emoji);
  }

  @SubscribeMessage('message:pin')
  @Command({ summary: 'Pin a message', ...ANSWERED })
  async pin(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId }: MessageReferenceDto,
  ): Promise<MessageView> {
    return this.marks.pin(userId, conversationId, messageId);
  }

  @SubscribeMessage('message:unpin')
  @Command({ summary: 'Unpin a message', ...ANSWERED })
  async unpin(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() { conversationId, messageId }: MessageReferenceDto,
  ): Promise<MessageView> {
    return this.marks.unpin(userId, conversationId, messageId);
  }
}
