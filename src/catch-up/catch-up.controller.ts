import { Controller, Get, Param, Query } from '@nestjs/common';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { parseId } from '../platform/validation/field-rules';
import { ChangesDto, type Changes } from './catch-up.dto';
import { CatchUpService } from './catch-up.service';

@Controller('api/v1/conversations')
export class CatchUpController {
  constructor(private readonly catchUp: CatchUpService) {}

  @Get(':conversationId/changes')
  async changes(
    @Caller() { userId }: CallerIdentity,
    @Param('conversationId') conversationId: string,
    @Query() query: ChangesDto,
  ): Promise<Changes> {
    return this.catchUp.changes(userId, parseId('conversationId', conversationId), query);
  }
}
