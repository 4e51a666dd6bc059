import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Observable } from 'rxjs';
import { timelineSchema } from '../../features/messages/messages.dto';
import { Route, streamOf } from '../../platform/documents/documented';
import { byId, record } from '../../platform/documents/schema';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { BraidTimelines } from './braid-timelines';
import { VERSION_NOT_FOUND } from '../../features/messages/messages.problems';

const userTimelineSchema = record('UserTimeline', { conversations: byId(timelineSchema) });

/** All conversations of the caller in one resource, since browsers open few connections to a server. */
@Controller('api/v1/users/me/timeline')
export class UserTimelineController {
  constructor(private readonly timelines: BraidTimelines) {}

  @Get()
  @Route({
    summary: 'Read all conversations',
    description: 'The newest messages of each conversation. `Subscribe` adds later changes in all of them.',
    headers: {
      Version: 'The version that has to be current, in quotes.',
      Parents: 'The versions that the client has, in quotes. The answer has only newer ones.',
      Subscribe: 'Answers with newer versions, and keeps sending later ones.',
      Heartbeats: 'The stream has a blank line at least this often, such as `10s`.',
    },
    answers: { 200: userTimelineSchema, 209: streamOf(userTimelineSchema) },
    problems: [VERSION_NOT_FOUND],
  })
  async timeline(
    @Caller() caller: CallerIdentity,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Observable<unknown>> {
    return this.timelines.all({ request, response, caller });
  }
}
