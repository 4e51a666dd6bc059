import { Body, Controller, Delete, Get, Headers, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { NO_CONTENT, Route, streamOf } from '../../platform/documents/documented';
import { either } from '../../platform/documents/schema';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { MessageEdits } from './message-edits';
import { type MessageView, messageSchema } from './message-view';
import type { StoredMessage } from './message-batch';
import {
  MessagePageDto,
  PutMessageDto,
  SendMessageDto,
  type MessagePage,
  type VersionView,
  messagePageSchema,
  timelineSchema,
  versionListSchema,
} from './messages.dto';
import { MessagesService } from './messages.service';
import {
  MESSAGE_ID_CONFLICT,
  MESSAGE_NOT_FOUND,
  MESSAGE_TOO_LONG,
  PRECONDITION_FAILED,
  RANGE_NOT_SATISFIABLE,
  VERSION_CONFLICT,
  VERSION_NOT_FOUND,
} from './messages.problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';

/** Headers of Braid-HTTP; see docs/braid.md. */
const BRAID_READING = {
  Version: 'The version that is asked for, in quotes.',
  Parents: 'What the client has, in quotes: only what is newer is answered.',
  Subscribe: 'Answer with what is newer, and with what comes.',
  Heartbeats: 'A blank line in the stream at least so often, such as `10s`.',
};
const BRAID_WRITING = {
  Version: 'The name of the new version, in quotes.',
  Parents: 'The versions that the edit is based on, in quotes.',
  'Content-Range': 'The part of the message that the body is put in the place of, such as `json .body[0:3]`.',
  'Merge-Type': 'Must be one that the server knows.',
};

const addressOf = ({ conversationId, id }: MessageView): string =>
  `/api/v1/conversations/${conversationId}/messages/${id}`;

@Controller('api/v1/conversations/:conversationId/messages')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly edits: MessageEdits,
  ) {}

  @Get()
  @Route({
    summary: 'Read messages',
    description:
      'The newest page when no position is given. With the headers of Braid the newest page as a resource with versions, and with `Subscribe` what happens in it.',
    braidResource: 'timeline',
    headers: BRAID_READING,
    answers: { 200: either(messagePageSchema, timelineSchema), 209: streamOf(timelineSchema) },
    problems: [CONVERSATION_NOT_FOUND, VERSION_NOT_FOUND],
  })
  async page(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Query() query: MessagePageDto,
  ): Promise<MessagePage> {
    return this.messages.page(userId, parseId('conversationId', conversationId), query);
  }

  @Post()
  @Route({
    summary: 'Send a message',
    description: '201 the first time, 200 when the same message was stored before.',
    answers: { 200: messageSchema, 201: messageSchema },
    location: addressOf,
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN, MESSAGE_ID_CONFLICT, MESSAGE_TOO_LONG],
  })
  async send(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: SendMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MessageView> {
    const stored = await this.messages.send(userId, parseId('conversationId', conversationId), input);
    return answer(response, stored);
  }

  @Put(':messageId')
  @Route({
    summary: 'Send a message under its address, or edit it',
    description:
      'With `parents: []` or `If-None-Match: *` creates only; with other `parents` or a `version` edits only; otherwise does what fits.',
    braidResource: 'message',
    headers: {
      'If-None-Match': '`*`: create only.',
      'If-Match':
        'The entity tag of the version that the edit is based on. Another one: `precondition-failed`, with headers of Braid `version-conflict`.',
      ...BRAID_WRITING,
    },
    answers: { 200: messageSchema, 201: messageSchema },
    location: addressOf,
    problems: [
      CONVERSATION_NOT_FOUND,
      MESSAGE_NOT_FOUND,
      FORBIDDEN,
      MESSAGE_ID_CONFLICT,
      VERSION_CONFLICT,
      PRECONDITION_FAILED,
      VERSION_NOT_FOUND,
      RANGE_NOT_SATISFIABLE,
      MESSAGE_TOO_LONG,
    ],
  })
  async put(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
    @Body() input: PutMessageDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MessageView> {
    const stored = await this.messages.put(
      userId,
      parseId('conversationId', conversationId),
      parseId('messageId', messageId),
      input,
      ifNoneMatch?.trim() === '*',
    );
    return answer(response, stored);
  }

  @Get(':messageId')
  @Route({
    summary: 'Read a message',
    description: 'As it is, or with `Version` as it was; with `Subscribe` what becomes of it.',
    braidResource: 'message',
    headers: { 'If-None-Match': 'The entity tag of what the client has.', ...BRAID_READING },
    answers: { 200: messageSchema, 209: streamOf(messageSchema), 304: NO_CONTENT },
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, VERSION_NOT_FOUND],
  })
  async get(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<MessageView> {
    return this.messages.get(
      userId,
      parseId('conversationId', conversationId),
      parseId('messageId', messageId),
    );
  }

  @Delete(':messageId')
  @Route({
    summary: 'Delete a message',
    description: 'Leaves a tombstone. For its sender, and for admins and the owner of a group.',
    braidResource: 'message',
    headers: {
      Version: 'The name of the version that marks the deletion, in quotes.',
      Parents: 'The version that is to be deleted, in quotes: another one is not.',
      'If-Match': 'The same as an entity tag.',
    },
    answers: { 200: messageSchema },
    problems: [
      CONVERSATION_NOT_FOUND,
      MESSAGE_NOT_FOUND,
      FORBIDDEN,
      VERSION_CONFLICT,
      PRECONDITION_FAILED,
      VERSION_NOT_FOUND,
    ],
  })
  async delete(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<MessageView> {
    return this.edits.delete(
      userId,
      parseId('conversationId', conversationId),
      parseId('messageId', messageId),
    );
  }

  @Get(':messageId/versions')
  @Route({
    summary: 'List the versions of a message',
    answers: { 200: versionListSchema },
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND],
  })
  async versions(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<{ items: VersionView[] }> {
    const ids = [parseId('conversationId', conversationId), parseId('messageId', messageId)] as const;
    return { items: [...(await this.messages.versions(userId, ...ids))] };
  }
}

function answer(response: Response, { message, isNew }: StoredMessage): MessageView {
  response.status(isNew ? 201 : 200);
  return message;
}
