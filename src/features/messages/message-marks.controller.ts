import { Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { DocumentedAs, Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { ListQueryDto } from '../../platform/pagination/page';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { parseEmoji } from '../../platform/validation/emoji';
import { parseId } from '../../platform/validation/field-rules';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { MessageMarks } from './message-marks';
import { type MessageView, messageSchema } from './message-view';
import { type PinnedList, pinnedListSchema } from './messages.dto';
import { MESSAGE_NOT_FOUND } from './messages.problems';

const PROBLEMS = [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN];

@DocumentedAs('Messages')
@Controller('api/v1/conversations/:conversationId')
export class MessageMarksController {
  constructor(private readonly marks: MessageMarks) {}

  @Put('messages/:messageId/reactions/:emoji')
  @Route({
    summary: 'React to a message',
    description:
      'The same emoji in another spelling (with or without variation selectors) is the same reaction. Reacting again changes nothing. A message has up to 50 different emoji, up to 20 of them by one person.',
    answers: { 200: messageSchema },
    problems: PROBLEMS,
  })
  async react(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.marks.react(userId, ...idsOf(conversationId, messageId), parseEmoji('emoji', emoji));
  }

  @Delete('messages/:messageId/reactions/:emoji')
  @Route({ summary: 'Take back a reaction', answers: { 200: messageSchema }, problems: PROBLEMS })
  async unreact(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.marks.unreact(userId, ...idsOf(conversationId, messageId), parseEmoji('emoji', emoji));
  }

  @Put('messages/:messageId/pin')
  @Route({
    summary: 'Pin a message',
    description:
      'Both people of a direct conversation may pin; in a group its owner and admins may. A conversation has up to 100 pinned messages.',
    answers: { 200: messageSchema },
    problems: PROBLEMS,
  })
  async pin(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<MessageView> {
    return this.marks.pin(userId, ...idsOf(conversationId, messageId));
  }

  @Delete('messages/:messageId/pin')
  @Route({
    summary: 'Unpin a message',
    description: 'The users who may pin it may unpin it.',
    answers: { 200: messageSchema },
    problems: PROBLEMS,
  })
  async unpin(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<MessageView> {
    return this.marks.unpin(userId, ...idsOf(conversationId, messageId));
  }

  @Get('pins')
  @Route({
    summary: 'List pinned messages',
    description: 'The newest message first.',
    answers: { 200: pinnedListSchema },
    problems: [CONVERSATION_NOT_FOUND],
  })
  async pins(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Query() query: ListQueryDto,
  ): Promise<PinnedList> {
    return this.marks.listPinned(userId, parseId('conversationId', conversationId), query);
  }
}

const idsOf = (conversationId: string, messageId: string): [string, string] => [
  parseId('conversationId', conversationId),
  parseId('messageId', messageId),
];
