import { Controller, Delete, Get, Put, UseInterceptors } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { CONVERSATION_NOT_FOUND } from '../../features/membership/membership.problems';
import { addressOfMessage, type MessageView, messageSchema } from '../../features/messages/message-view';
import {
  MessagePageDto,
  PutMessageDto,
  type MessagePage,
  messagePageSchema,
  timelineSchema,
} from '../../features/messages/messages.dto';
import {
  MESSAGE_ID_CONFLICT,
  MESSAGE_NOT_FOUND,
  MESSAGE_TOO_LONG,
  PRECONDITION_FAILED,
  RANGE_NOT_SATISFIABLE,
  VERSION_CONFLICT,
  VERSION_NOT_FOUND,
} from '../../features/messages/messages.problems';
import { DocumentedAs, NO_CONTENT, Route, streamOf } from '../../platform/documents/documented';
import { either } from '../../platform/documents/schema';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { BraidMessages } from './braid-messages';
import { BraidTimelines } from './braid-timelines';
import { ConflictVersion } from './conflict-version.interceptor';
import {
  ConversationRequest,
  MessageRequest,
  type ConversationExchange,
  type MessageExchange,
} from './exchange';

const READING = {
  Version: 'The requested version, in quotes.',
  Parents: 'The versions that the client has, in quotes. The answer has only newer ones.',
  Subscribe: 'Answers with newer versions, and keeps sending later ones.',
  Heartbeats: 'The stream has a blank line at least this often, such as `10s`.',
};
const WRITING = {
  Version: 'The name of the new version, in quotes.',
  Parents: 'The versions that the edit is based on, in quotes.',
  'Content-Range': 'The part of the message that the request body replaces, such as `json .body[0:3]`.',
  'Merge-Type': 'Must be a merge type that the server knows.',
};

/**
 * Messages as resources with versions (docs/braid.md), for requests with Braid's headers or without. The handlers
 * validate the input themselves: a patch becomes fields only after the message was read.
 */
@DocumentedAs('Messages')
@UseInterceptors(ConflictVersion)
@Controller('api/v1/conversations/:conversationId/messages')
export class MessageResourcesController {
  constructor(
    private readonly messages: BraidMessages,
    private readonly timelines: BraidTimelines,
  ) {}

  @Get()
  @Route({
    summary: 'Read messages',
    description:
      'Without a position, the newest page. With the headers of Braid, the page is a resource with versions, and `Subscribe` adds its later changes.',
    query: MessagePageDto,
    headers: READING,
    answers: { 200: either(messagePageSchema, timelineSchema), 209: streamOf(timelineSchema) },
    problems: [CONVERSATION_NOT_FOUND, VERSION_NOT_FOUND],
  })
  async page(
    @ConversationRequest() exchange: ConversationExchange,
  ): Promise<MessagePage | Observable<unknown>> {
    return this.timelines.one(exchange);
  }

  @Put(':messageId')
  @Route({
    summary: 'Send a message under its address, or edit it',
    description:
      'With `parents: []` or `If-None-Match: *` it only creates; with other `parents` or a `version` it only edits; otherwise it does whichever fits.',
    body: PutMessageDto,
    headers: {
      'If-None-Match': '`*`: create only.',
      'If-Match':
        'The entity tag of the version that the edit is based on. If another version is current, the answer is `precondition-failed`, or `version-conflict` with headers of Braid.',
      ...WRITING,
    },
    answers: { 200: messageSchema, 201: messageSchema },
    location: addressOfMessage,
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
  async put(@MessageRequest() exchange: MessageExchange): Promise<MessageView> {
    return this.messages.put(exchange);
  }

  @Get(':messageId')
  @Route({
    summary: 'Read a message',
    description: 'The current state, or an earlier one with `Version`. `Subscribe` adds its later changes.',
    headers: { 'If-None-Match': 'The entity tag of the state that the client has.', ...READING },
    answers: { 200: messageSchema, 209: streamOf(messageSchema), 304: NO_CONTENT },
    problems: [CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND, VERSION_NOT_FOUND],
  })
  async get(@MessageRequest() exchange: MessageExchange): Promise<MessageView | Observable<never>> {
    return this.messages.get(exchange);
  }

  @Delete(':messageId')
  @Route({
    summary: 'Delete a message',
    description:
      'The message becomes a tombstone. Its sender may delete it; in a group admins and the owner may as well.',
    headers: {
      Version: 'The name of the version that marks the deletion, in quotes.',
      Parents: 'The version to delete, in quotes. If another one is current, nothing is deleted.',
      'If-Match': 'The version to delete, as an entity tag.',
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
  async delete(@MessageRequest() exchange: MessageExchange): Promise<MessageView> {
    return this.messages.delete(exchange);
  }
}
