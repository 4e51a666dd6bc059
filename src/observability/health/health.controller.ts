import { Controller, Get, Req, Res } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import type { Request, Response } from 'express';
import { Route } from '../../platform/documents/documented';
import { Public } from '../../platform/http/public';
import { HealthService } from './health.service';
import { Operators } from './operators';
import { healthSchema } from './health.dto';

@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly operators: Operators,
  ) {}

  @Get()
  @Route({
    summary: 'Read the whole state of the server',
    description: 'Details for operators only.',
    kind: 'probe',
    answers: { 200: healthSchema, 503: healthSchema },
  })
  async full(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HealthCheckResult> {
    const result = answer(response, await this.health.full());
    return (await this.operators.includes(request)) ? result : withoutDetails(result);
  }

  @Get('live')
  @Route({
    summary: 'Is the process alive?',
    kind: 'probe',
    answers: { 200: healthSchema, 503: healthSchema },
  })
  async live(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return withoutDetails(answer(response, await this.health.live()));
  }

  @Get('ready')
  @Route({
    summary: 'Should traffic be sent here?',
    kind: 'probe',
    answers: { 200: healthSchema, 503: healthSchema },
  })
  async ready(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HealthCheckResult> {
    const result = answer(response, await this.health.ready());
    return (await this.operators.includes(request)) ? result : withoutDetails(result, ['reason', 'ageMs']);
  }

  @Get('startup')
  @Route({
    summary: 'Was the start verified?',
    kind: 'probe',
    answers: { 200: healthSchema, 503: healthSchema },
  })
  async startup(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return withoutDetails(answer(response, await this.health.startup()));
  }
}

function answer(response: Response, result: HealthCheckResult): HealthCheckResult {
  const isOk = result.status === 'ok';
  response.status(isOk ? 200 : 503);
  // The monitor checks the database twice a second, so the next probe may find it up again.
  if (!isOk) response.setHeader('Retry-After', '1');
  return result;
}

/** Removes the details: everybody may see which indicators are up or down, and operators see the rest. */
function withoutDetails(result: HealthCheckResult, kept: string[] = []): HealthCheckResult {
  const strip = (part: object | undefined): HealthCheckResult['details'] =>
    Object.fromEntries(
      Object.entries(part ?? {}).map(([name, details]) => [
        name,
        Object.fromEntries(
          Object.entries(details as object).filter(([key]) => key === 'status' || kept.includes(key)),
        ),
      ]),
    ) as HealthCheckResult['details'];
  return { ...result, info: strip(result.info), error: strip(result.error), details: strip(result.details) };
}
