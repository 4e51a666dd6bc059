import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Observable } from 'rxjs';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { TimelineDoor } from './timeline-door';

/** All conversations of the caller in one resource, since browsers have few connections to a server. */
@Controller('api/v1/users/me/timeline')
export class UserTimelineController {
  constructor(private readonly timelines: TimelineDoor) {}

  @Get()
  async timeline(
    @Caller() caller: CallerIdentity,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Observable<unknown>> {
    return this.timelines.all({ request, response, caller });
  }
}
