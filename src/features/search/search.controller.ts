import { Controller, Get, Query } from '@nestjs/common';
import { Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { foundMessagesSchema, SearchMessagesDto, type FoundMessages } from './search.dto';
import { SearchService } from './search.service';

@Controller('api/v1/search')
export class SearchController {
  constructor(private readonly search: SearchService) {}

  @Get('messages')
  @Route({
    summary: 'Search messages by their text',
    description:
      'Newest first, from the conversations in which the caller participates. When no message has the words, the search looks for parts of words, and then for similar words.',
    answers: { 200: foundMessagesSchema },
    problems: [CONVERSATION_NOT_FOUND],
  })
  async messages(
    @Caller() { userId }: CallerIdentity,
    @Query() query: SearchMessagesDto,
  ): Promise<FoundMessages> {
    return this.search.messages(userId, query);
  }
}
