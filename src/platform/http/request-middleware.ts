import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { WorkInFlight } from '../lifecycle/work-in-flight';
import { foreign } from '../logging/foreign-text';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import { isStillArriving, wasAnsweredEarly } from '../problems/answer-early';
import { problemOf, sendProblem } from '../problems/problem.filter';
import { DATABASE_BUSY, DRAINING, OUTCOME_UNKNOWN, REQUEST_TIMEOUT } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { identifiersOf, runInContext, type RequestContext } from '../request-context';
import { parseTraceParent } from '../tracing/trace-parent';
import type { Tracing } from '../tracing/tracing';
import type { ClientAddresses } from './client-address';
import { isUpload, UPLOAD_TIMEOUT_MS } from './upload-requests';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
/** The methods that label metrics. Node accepts others, too, and each would be a series of its own. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ALWAYS_ANSWERED = /^\/(health|metrics)(\/|$)/;

/** Gives every HTTP request its id, deadline, log line, metrics and span, and counts it as work in flight. */
export function requestMiddleware(dependencies: {
  timeoutMs: number;
  work: WorkInFlight;
  metrics: Metrics;
  tracing: Tracing;
  logger: StructuredLogger;
  addresses: Pick<ClientAddresses, 'of'>;
}): RequestHandler {
  const { work, metrics, tracing, logger, addresses } = dependencies;
  return (request: Request, response: Response, next: NextFunction) => {
    const started = performance.now();
    const given = request.get('X-Request-Id');
    const requestId = given && CLIENT_REQUEST_ID.test(given) ? given : randomUUID();
    const path = request.path;
    const timeoutMs = isUpload(request) ? UPLOAD_TIMEOUT_MS : dependencies.timeoutMs;
    const isAlwaysAnswered = ALWAYS_ANSWERED.test(path);
    const parent = parseTraceParent(request.headers.traceparent);
    // Probes and scrapes come every few seconds and would be most of the traces.
    const span = isAlwaysAnswered ? undefined : tracing.begin(request.method, parent);
    const context: RequestContext = {
      requestId,
      traceId: parent?.traceId,
      span,
      deadline: started + timeoutMs,
      address: addresses.of(request),
      get operation() {
        return `${request.method} ${routeOf(request)}`;
      },
    };
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
      // A stream ends when its client leaves, so its duration does not measure the server's speed.
      const isStream = response.statusCode === 209;
      const isWhole = response.writableFinished || wasAnsweredEarly(response);
      const status = isWhole || isStream ? response.statusCode : 499;
      metrics.httpRequests.inc({ method, route, status });
      if (!isStream) metrics.httpSeconds.observe({ method, route }, durationMs / 1_000);
      const code = problemOf(response);
      if (code) metrics.problems.inc({ transport: 'http', code });
      span?.end({
        name: route === 'none' ? method : `${method} ${route}`,
        attributes: {
          'http.request.method': method,
          ...(route !== 'none' && { 'http.route': route }),
          'http.response.status_code': status,
          'url.scheme': request.protocol,
          'url.path': foreign(path),
          'xfchat.request_id': requestId,
          ...(code && { 'xfchat.problem': code }),
        },
        error: status >= 500 ? (code ?? String(status)) : undefined,
      });
      logger.event(isAlwaysAnswered ? 'debug' : 'info', 'request', {
        ...identifiersOf(context),
        method: request.method,
        path: foreign(path),
        status,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(context.userId && { userId: context.userId }),
      });
    });

    runInContext(context, () => {
      if (work.isClosed && !isAlwaysAnswered) sendProblem(request, response, new Problem(DRAINING));
      else next();
    });
  };
}

/** The pattern, known once the request is routed. */
function routeOf(request: Request): string {
  return (request.route as { path?: string } | undefined)?.path ?? 'none';
}

/** Answers with a problem at the deadline. Statements time out before this, so something else must be slow. */
function giveUp(request: Request, response: Response, context: RequestContext): void {
  if (response.headersSent) return;
  const kind = isStillArriving(request)
    ? REQUEST_TIMEOUT
    : context.writePending
      ? OUTCOME_UNKNOWN
      : DATABASE_BUSY;
  runInContext(context, () => sendProblem(request, response, new Problem(kind)));
}
