import { timingSafeEqual } from 'node:crypto';
import { Controller, Get, Header, Headers } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { Route } from '../documents/documented';
import { Public } from '../http/public';
import { Problem } from '../problems/problem';
import { Metrics } from './metrics';

@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly configuration: Configuration,
  ) {}

  /** In production only with the token; without one configured there is nothing here. */
  @Public()
  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Route({
    summary: 'Figures for Prometheus',
    description: 'In production with the token of the configuration only; 404 without one.',
    kind: 'probe',
    answers: { 200: { mediaType: 'text/plain' } },
    problems: ['unauthenticated', 'not-found'],
  })
  async read(@Headers('authorization') authorization: string | undefined): Promise<string> {
    const { METRICS_TOKEN: token, isProduction } = this.configuration;
    if (isProduction && !token) throw new Problem('not-found');
    if (token && !isSame(authorization ?? '', `Bearer ${token}`)) throw new Problem('unauthenticated');
    return this.metrics.registry.metrics();
  }
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
