import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { MALFORMED_REQUEST, RATE_LIMITED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { ANONYMOUS, PAGE, PROBE, VERIFICATION } from '../rate-limits/allowances';
import type { PathBudgets } from '../rate-limits/path-budgets';
import type { RateLimits } from '../rate-limits/rate-limits';
import type { Suspensions } from '../rate-limits/suspensions';
import type { Allowance } from '../rate-limits/token-buckets';
import type { ClientAddresses } from './client-address';
import { isProbe, ProbeAnswers } from './probe-answers';

/** No route has more than ten query parameters. Node would accept 8,000 in one address. */
const MAX_QUERY_PARAMETERS = 100;
/** Browsers and proxies together send about 40. */
const MAX_HEADERS = 100;
const INTERFACE_PATH = /^\/(api|metrics)(\/|$)/;

interface Dependencies {
  readonly addresses: ClientAddresses;
  readonly rateLimits: RateLimits;
  readonly suspensions: Suspensions;
}

/**
 * The first middleware. It rejects suspended addresses and answers a flood of probes from memory, before a request
 * gets a log line. A request with credentials passes: its token is charged when it is verified.
 */
export function refuseSuspended({ addresses, rateLimits, suspensions }: Dependencies): RequestHandler {
  const probes = new ProbeAnswers();
  return (request: Request, response: Response, next: NextFunction) => {
    if (isProbe(request)) {
      if (rateLimits.tryTake(PROBE, addresses.budgetKeyOf(request))) probes.remember(request, response);
      else if (probes.repeat(request, response)) return;
      return next();
    }
    const seconds = suspensions.remaining(addresses.budgetKeyOf(request));
    if (seconds === 0 || request.headers.authorization !== undefined) return next();
    const problem = new Problem(RATE_LIMITED, { retryAfter: seconds });
    response
      .writeHead(429, {
        'Content-Type': 'application/problem+json',
        'Retry-After': String(seconds),
        'Cache-Control': 'no-store',
        Connection: 'close',
      })
      .end(JSON.stringify(problem.toDocument(request.path, randomUUID())));
  };
}

/**
 * Charges the client's address before a body is read or a file is looked up, and rejects requests whose head is too
 * large. An anonymous request that succeeds gets its charge back, so that a crowd behind one address can sign in.
 */
export function chargeAddress({
  addresses,
  rateLimits,
  suspensions,
  pathBudgets,
}: Dependencies & { readonly pathBudgets: PathBudgets }): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const key = addresses.budgetKeyOf(request);
    try {
      const budget = budgetOf(request, pathBudgets);
      if (budget) {
        rateLimits.take(budget, key);
        if (budget === ANONYMOUS)
          response.once('finish', () => {
            if (response.statusCode < 400) rateLimits.giveBack(budget, key);
          });
      }
      if (request.rawHeaders.length > 2 * MAX_HEADERS) throw tooMany('header fields', MAX_HEADERS);
      if (request.url.split('&', MAX_QUERY_PARAMETERS + 1).length > MAX_QUERY_PARAMETERS)
        throw tooMany('query parameters', MAX_QUERY_PARAMETERS);
      next();
    } catch (error) {
      if (error instanceof Problem && error.kind === RATE_LIMITED) suspensions.noteRefusal(key);
      next(error);
    }
  };
}

/**
 * The budget that a request is charged to before its sender is known. The guard returns the charge of a token once
 * its signature is good. Probes have a budget of their own, and are never rejected.
 */
function budgetOf(request: Request, pathBudgets: PathBudgets): Allowance | undefined {
  if (isProbe(request)) return undefined;
  const hasToken = request.headers.authorization !== undefined;
  if (hasToken && /^\/health(\/|$)/.test(request.path)) return VERIFICATION;
  if (request.method === 'OPTIONS') return PAGE;
  const own = pathBudgets.of(request.path);
  if (own) return own;
  if (!INTERFACE_PATH.test(request.path)) return PAGE;
  return hasToken ? VERIFICATION : ANONYMOUS;
}

function tooMany(what: string, limit: number): Problem {
  return new Problem(MALFORMED_REQUEST, { detail: `more than ${limit} ${what}` });
}
