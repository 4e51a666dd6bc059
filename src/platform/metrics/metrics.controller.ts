import { Controller, Get, Header, Headers, Optional } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { Route } from '../documents/documented';
import { Public } from '../http/public';
import { NOT_FOUND, UNAUTHENTICATED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { ANONYMOUS } from '../rate-limits/allowances';
import { PathBudgets } from '../rate-limits/path-budgets';
import { ThisWorker } from '../workers/this-worker';
import { isReader } from './is-reader';
import { Metrics } from './metrics';

@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly configuration: Configuration,
    budgets: PathBudgets,
    @Optional() private readonly worker?: ThisWorker,
  ) {
    // The token for metrics is not an access token, and is never verified as one.
    budgets.add({ paths: /^\/metrics/, allowance: ANONYMOUS });
  }

  /**
   * In production only with the token. Answers 404 when none is configured, or when the metrics have a port of
   * their own.
   */
  @Public()
  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Route({
    summary: 'Figures for Prometheus',
    description:
      'In production with the token of the configuration only; 404 without one, and where they have a port of their own.',
    kind: 'probe',
    answers: { 200: { mediaType: 'text/plain' } },
    problems: [UNAUTHENTICATED, NOT_FOUND],
  })
  async read(@Headers('authorization') authorization: string | undefined): Promise<string> {
    const { METRICS_TOKEN: token, METRICS_PORT: ownPort, isProduction } = this.configuration;
    if (ownPort !== undefined || (isProduction && !token)) throw new Problem(NOT_FOUND);
    if (!isReader(authorization, token)) throw new Problem(UNAUTHENTICATED);
    return this.worker ? this.worker.metricsPage() : this.metrics.page();
  }
}
