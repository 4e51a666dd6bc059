import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { parseId } from '../platform/validation/field-rules';
import type { ParticipantView } from '../participation/participant-view';
import type { ConversationView } from './conversation-view';
import {
  ConversationListDto,
  CreateConversationDto,
  PutParticipantDto,
  ReadPositionDto,
  UpdateConversationDto,
  type ConversationList,
  type ReadPositionView,
} from './conversations.dto';
import { ConversationsService } from './conversations.service';
import { ParticipantsService } from './participants.service';
import { ReadPositionsService } from './read-positions.service';

@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly participants: ParticipantsService,
    private readonly readPositions: ReadPositionsService,
  ) {}

  @Post()
  async create(
    @Caller() { userId }: CallerIdentity,
    @Body() input: CreateConversationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationView> {
    const { conversation, isNew } = await this.conversations.create(userId, input);
    response.status(isNew ? 201 : 200);
    return conversation;
  }

  @Get()
  async list(
    @Caller() { userId }: CallerIdentity,
    @Query() query: ConversationListDto,
  ): Promise<ConversationList> {
    return this.conversations.list(userId, query);
  }

  @Get(':conversationId')
  async get(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<ConversationView> {
    return this.conversations.get(userId, parseId('conversationId', conversationId));
  }

  @Patch(':conversationId')
  async update(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: UpdateConversationDto,
  ): Promise<ConversationView> {
    return this.conversations.update(userId, parseId('conversationId', conversationId), input);
  }

  @Delete(':conversationId')
  @HttpCode(204)
  async delete(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<void> {
    await this.conversations.delete(userId, parseId('conversationId', conversationId));
  }

  @Get(':conversationId/participants')
  async listParticipants(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<{ items: ParticipantView[] }> {
    return { items: await this.participants.list(userId, parseId('conversationId', conversationId)) };
  }

  @Put(':conversationId/participants/:userId')
  async putParticipant(
    @Caller() caller: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('userId') targetId: string,
    @Body() input: PutParticipantDto,
  ): Promise<ParticipantView> {
    const ids = [parseId('conversationId', conversationId), parseId('userId', targetId)] as const;
    return this.participants.put(caller.userId, ...ids, input.role);
  }

  @Delete(':conversationId/participants/:userId')
  @HttpCode(204)
  async removeParticipant(
    @Caller() caller: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('userId') targetId: string,
  ): Promise<void> {
    const ids = [parseId('conversationId', conversationId), parseId('userId', targetId)] as const;
    await this.participants.remove(caller.userId, ...ids);
  }

  @Put(':conversationId/read')
  async read(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: ReadPositionDto,
  ): Promise<ReadPositionView> {
    return this.readPositions.set(userId, parseId('conversationId', conversationId), input);
  }
}
