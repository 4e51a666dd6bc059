import { Controller, Get, Param, Query } from '@nestjs/common';
import { Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { ChangesDto, type Changes, changesSchema } from './catch-up.dto';
import { CatchUpService } from './catch-up.service';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { CURSOR_RESET } from './catch-up.problems';

@Controller('api/v1/conversations')
export class CatchUpController {
  constructor(private readonly catchUp: CatchUpService) {}

  @Get(':conversationId/changes')
  @Route({
    summary: 'Catch up with a conversation',
    description:
      'Call again from `cursor` until `complete`. From nothing (`seq` 0, `rev` 0) the answer also has the conversation and all participants, so that it rebuilds a client. A cursor of another epoch, or ahead of the conversation, is refused: start again from 0.',
    answers: { 200: changesSchema },
    problems: [CONVERSATION_NOT_FOUND, CURSOR_RESET],
  })
  async changes(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Query() query: ChangesDto,
  ): Promise<Changes> {
    return this.catchUp.changes(userId, parseId('conversationId', conversationId), query);
  }
}
