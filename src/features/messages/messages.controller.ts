import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { addressOfMessage, type MessageView, messageSchema } from './message-view';
import { SendMessageDto, VersionListQueryDto, versionListSchema, type VersionList } from './messages.dto';
import { MessagesService } from './messages.service';
import { MESSAGE_ID_CONFLICT, MESSAGE_NOT_FOUND, MESSAGE_TOO_LONG } from './messages.problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';

/**
 * Sends messages and lists their versions. `MessageResourcesController` of `delivery/braid` answers the routes of
 * messages as resources (the page, and GET, PUT and DELETE of one): their versions are in headers.
 */
@Controller('api/v1/conversations/:conversationId/messages')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Post()
  @Route({
    summary: 'Send a message',
    description: '201 the first time, 200 when the same message was stored before.',
    answers: { 200: messageSchema, 201: messageSchema },
    location: addressOfMessage,
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN, MESSAGE_ID_CONFLICT, MESSAGE_TOO_LONG],
  })
  async send(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: SendMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MessageView> {
    const id = parseId('conversationId', conversationId);
    const { message, isNew } = await this.messages.send(userId, id, input);
    response.status(isNew ? 201 : 200);
    return message;
  }

  @Get(':messageId/versions')
  @Route({
    summary: 'List the versions of a message',
    description: 'Oldest first.',
    answers: { 200: versionListSchema },
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND],
  })
  async versions(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
    @Query() query: VersionListQueryDto,
  ): Promise<VersionList> {
    const ids = [parseId('conversationId', conversationId), parseId('messageId', messageId)] as const;
    return this.messages.versions(userId, ...ids, query);
  }
}
