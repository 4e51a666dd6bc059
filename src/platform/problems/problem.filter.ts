import { Catch, HttpException, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { allowedMethods } from '../http/allowed-methods';
import { StructuredLogger, describeError } from '../logging/structured-logger';
import { currentContext } from '../request-context';
import { answerEarly, isStillArriving } from './answer-early';
import { INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, RATE_LIMITED } from './general-problems';
import { Problem } from './problem';
import { toProblem } from './to-problem';

/** Renders every error of an HTTP request as `application/problem+json`. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: StructuredLogger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const problem = this.refine(toProblem(error), request);
    logProblem(this.logger, problem);
    sendProblem(request, response, problem);
  }

  /** "No such route" may mean "not with this method". */
  private refine(problem: Problem, request: Request): Problem {
    if (problem.kind !== NOT_FOUND || !(problem.cause instanceof HttpException)) return problem;
    const allow = allowedMethods(request);
    return allow.length > 0 ? new Problem(METHOD_NOT_ALLOWED, { allow }) : problem;
  }
}

/** Logs problems that are the server's fault, with their cause. */
export function logProblem(logger: StructuredLogger, problem: Problem): void {
  if (problem.status < 500) return;
  logger.event(problem.kind === INTERNAL ? 'error' : 'warn', `rejected with ${problem.code}`, {
    ...(problem.cause !== undefined && { error: describeError(problem.cause as Error) }),
  });
}

/** The code of the problem that a request was answered with. */
export const problemOf = (response: Response): string | undefined =>
  response.locals.problem as string | undefined;

export function sendProblem(request: Request, response: Response, problem: Problem): void {
  if (response.headersSent) {
    // An interrupted answer must not look complete. A problem is complete: the deadline sent it before the handler
    // ended, and its connection may already carry the next request.
    if (!response.writableEnded && problemOf(response) === undefined) request.socket.destroy();
    return;
  }
  response.locals.problem = problem.code;
  if (problem.retryAfter !== undefined) response.setHeader('Retry-After', String(problem.retryAfter));
  // draft-ietf-httpapi-ratelimit-headers: nothing remains, and in `t` seconds there will be some again.
  if (problem.kind === RATE_LIMITED) {
    const { quota, windowSeconds } = problem.fields.policy ?? { quota: 1, windowSeconds: problem.retryAfter };
    response.setHeader('RateLimit', `"default";r=0;t=${problem.retryAfter}`);
    response.setHeader('RateLimit-Policy', `"default";q=${quota};w=${windowSeconds}`);
  }
  if (problem.fields.allow) response.setHeader('Allow', problem.fields.allow.join(', '));
  if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  const requestId = currentContext()?.requestId ?? String(response.getHeader('X-Request-Id') ?? '');
  const text = JSON.stringify(problem.toDocument(request.path, requestId));
  response.status(problem.status).type('application/problem+json');
  if (isStillArriving(request)) void answerEarly(request, response, text);
  else response.send(text);
}
