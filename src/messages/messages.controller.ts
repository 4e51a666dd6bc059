import { Body, Controller, Delete, Get, Headers, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { parseId } from '../platform/validation/field-rules';
import { MessageEdits } from './message-edits';
import type { MessageView } from './message-view';
import type { StoredMessage } from './message-writer';
import {
  MessagePageDto,
  PutMessageDto,
  SendMessageDto,
  type MessagePage,
  type VersionView,
} from './messages.dto';
import { MessagesService } from './messages.service';

@Controller('api/v1/conversations/:conversationId/messages')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly edits: MessageEdits,
  ) {}

  @Get()
  async page(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Query() query: MessagePageDto,
  ): Promise<MessagePage> {
    return this.messages.page(userId, parseId('conversationId', conversationId), query);
  }

  @Post()
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
  async versions(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('messageId') messageId: string,
  ): Promise<{ items: VersionView[] }> {
    const ids = [parseId('conversationId', conversationId), parseId('messageId', messageId)] as const;
    return { items: await this.messages.versions(userId, ...ids) };
  }
}

function answer(response: Response, { message, isNew }: StoredMessage): MessageView {
  response.status(isNew ? 201 : 200);
  return message;
}
