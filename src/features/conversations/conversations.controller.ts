import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { type ParticipantView, participantSchema } from '../membership/participant-view';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { ListQueryDto } from '../../platform/pagination/page';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { type ConversationView, conversationSchema } from './conversation-view';
import {
  CreateConversationDto,
  PutParticipantDto,
  ReadPositionDto,
  UpdateConversationDto,
  type ConversationList,
  type ReadPositionView,
  conversationListSchema,
  participantListSchema,
  readPositionSchema,
} from './conversations.dto';
import { ConversationsService } from './conversations.service';
import { ParticipantsService } from './participants.service';
import { ReadPositionsService } from './read-positions.service';
import { CONVERSATION_ID_CONFLICT, OWNER_MUST_TRANSFER } from './conversations.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { USER_NOT_FOUND } from '../users/users.problems';

@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly participants: ParticipantsService,
    private readonly readPositions: ReadPositionsService,
  ) {}

  @Post()
  @Route({
    summary: 'Create a conversation',
    description:
      'Two people have one direct conversation. Creating it again answers 200 with the same one, and puts it back into the caller’s list if the caller had hidden it.',
    answers: { 200: conversationSchema, 201: conversationSchema },
    location: ({ id }: ConversationView) => `/api/v1/conversations/${id}`,
    problems: [USER_NOT_FOUND, FORBIDDEN, CONVERSATION_ID_CONFLICT],
  })
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
  @Route({
    summary: 'List your conversations',
    description: 'Ordered by the latest activity, newest first.',
    answers: { 200: conversationListSchema },
  })
  async list(@Caller() { userId }: CallerIdentity, @Query() query: ListQueryDto): Promise<ConversationList> {
    return this.conversations.list(userId, query);
  }

  @Get(':conversationId')
  @Route({
    summary: 'Read a conversation',
    answers: { 200: conversationSchema },
    problems: [CONVERSATION_NOT_FOUND],
  })
  async get(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<ConversationView> {
    return this.conversations.get(userId, parseId('conversationId', conversationId));
  }

  @Patch(':conversationId')
  @Route({
    summary: 'Change title or description of a group',
    description: 'Admins and the owner may do so.',
    answers: { 200: conversationSchema },
    problems: [CONVERSATION_NOT_FOUND, FORBIDDEN],
  })
  async update(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: UpdateConversationDto,
  ): Promise<ConversationView> {
    return this.conversations.update(userId, parseId('conversationId', conversationId), input);
  }

  @Delete(':conversationId')
  @HttpCode(204)
  @Route({
    summary: 'Delete a group, or hide a direct conversation',
    description:
      'The owner deletes a group for everybody. A direct conversation is only hidden from the caller’s list, on all their devices, until the next message or until the caller opens it again.',
    answers: { 204: NO_CONTENT },
    problems: [CONVERSATION_NOT_FOUND, FORBIDDEN],
  })
  async delete(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<void> {
    await this.conversations.delete(userId, parseId('conversationId', conversationId));
  }

  @Get(':conversationId/participants')
  @Route({
    summary: 'List participants',
    answers: { 200: participantListSchema },
    problems: [CONVERSATION_NOT_FOUND],
  })
  async listParticipants(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
  ): Promise<{ items: ParticipantView[] }> {
    return { items: await this.participants.list(userId, parseId('conversationId', conversationId)) };
  }

  @Put(':conversationId/participants/:userId')
  @Route({
    summary: 'Add a participant or change a role',
    answers: { 200: participantSchema },
    problems: [CONVERSATION_NOT_FOUND, USER_NOT_FOUND, FORBIDDEN, OWNER_MUST_TRANSFER],
  })
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
  @Route({
    summary: 'Remove a participant, or leave',
    answers: { 204: NO_CONTENT },
    problems: [CONVERSATION_NOT_FOUND, FORBIDDEN, OWNER_MUST_TRANSFER],
  })
  async removeParticipant(
    @Caller() caller: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Param('userId') targetId: string,
  ): Promise<void> {
    const ids = [parseId('conversationId', conversationId), parseId('userId', targetId)] as const;
    await this.participants.remove(caller.userId, ...ids);
  }

  @Put(':conversationId/read')
  @Route({
    summary: 'Move your read position',
    description: 'The highest wins. A position above the newest message is refused.',
    answers: { 200: readPositionSchema },
    problems: [CONVERSATION_NOT_FOUND],
  })
  async read(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Body() input: ReadPositionDto,
  ): Promise<ReadPositionView> {
    return this.readPositions.set(userId, parseId('conversationId', conversationId), input);
  }
}
