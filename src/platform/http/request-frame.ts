import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { WorkInFlight } from '../lifecycle/work-in-flight';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import { isStillArriving, problemOf, sendProblem } from '../problems/problem.filter';
import { Problem } from '../problems/problem';
import { runInContext, type RequestContext } from '../request-context';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
/** What routes are declared with. Node takes others, too, and each would be a series of its own. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ALWAYS_ANSWERED = /^\/(health|metrics)(\/|$)/;

/** What surrounds every HTTP request: its id, deadline, log line, metrics, and its place among the work in flight. */
export function requestFrame(dependencies: {
  timeoutMs: number;
  work: WorkInFlight;
  metrics: Metrics;
  logger: StructuredLogger;
}): RequestHandler {
  const { timeoutMs, work, metrics, logger } = dependencies;
  return (request: Request, response: Response, next: NextFunction) => {
    const started = performance.now();
    const given = request.get('X-Request-Id');
    const requestId = given && CLIENT_REQUEST_ID.test(given) ? given : randomUUID();
    const context: RequestContext = {
      requestId,
      deadline: started + timeoutMs,
      get operation() {
        return `${request.method} ${routeOf(request)}`;
      },
    };
    const path = request.path;
    const end = work.begin();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('Cache-Control', 'no-store');
    if (work.isDraining) response.setHeader('Connection', 'close');

    const timer = setTimeout(() => giveUp(request, response, context), timeoutMs);
    response.once('close', () => {
      clearTimeout(timer);
      end();
      const durationMs = performance.now() - started;
      const route = routeOf(request);
      const method = METHODS.has(request.method) ? request.method : 'other';
      // A stream goes on until somebody leaves; how long that was says nothing of how quickly people are served.
      const isStream = response.statusCode === 209;
      const status = response.writableFinished || isStream ? response.statusCode : 499;
      metrics.httpRequests.inc({ method, route, status });
      if (!isStream) metrics.httpSeconds.observe({ method, route }, durationMs / 1_000);
      const code = problemOf(response);
      if (code) metrics.problems.inc({ transport: 'http', code });
      logger.event(ALWAYS_ANSWERED.test(path) ? 'debug' : 'info', 'request', {
        requestId,
        method: request.method,
        path,
        status,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(context.userId && { userId: context.userId }),
      });
    });

    runInContext(context, () => {
      if (work.isClosed && !ALWAYS_ANSWERED.test(path))
        sendProblem(request, response, new Problem('draining'));
      else next();
    });
  };
}

/** The pattern, known once the request is routed. */
function routeOf(request: Request): string {
  return (request.route as { path?: string } | undefined)?.path ?? 'none';
}

/** The last resort: statements end by themselves before this, so something else must be slow. */
function giveUp(request: Request, response: Response, context: RequestContext): void {
  if (response.headersSent) return;
  const code = isStillArriving(request)
    ? 'request-timeout'
    : context.writePending
      ? 'outcome-unknown'
      : 'database-busy';
  runInContext(context, () => sendProblem(request, response, new Problem(code)));
}
