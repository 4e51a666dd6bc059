import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { isLocal } from './is-local';

const PROBE_PATHS = new Set(['/health', '/health/live', '/health/ready', '/health/startup']);
/** The maximum age of a repeated answer. Probes ask at most every second. */
const MAX_AGE_MS = 1_000;

interface Answer {
  readonly at: number;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** Requests from this machine may see more details, so their answers are stored separately. */
const keyOf = (request: Request): string => `${request.path} ${isLocal(request)}`;

/** Whether the request is a probe whose answer is the same for everybody. */
export function isProbe({ method, path, headers }: Request): boolean {
  return method === 'GET' && PROBE_PATHS.has(path) && headers.authorization === undefined;
}

/**
 * The last answer of each probe. A client that probes more often than its budget allows gets that answer from memory. A flood
 * of probes costs next to nothing, and the orchestrator's own probe is never rejected.
 */
export class ProbeAnswers {
  private readonly answers = new Map<string, Answer>();

  /** Stores the answer that the request will get. */
  remember(request: Request, response: Response): void {
    const key = keyOf(request);
    const send = response.send.bind(response);
    response.send = (body: unknown) => {
      if (typeof body === 'string' || Buffer.isBuffer(body))
        response.once('finish', () => {
          const headers = response.getHeaders();
          this.answers.set(key, { at: performance.now(), status: response.statusCode, headers, body });
        });
      return send(body);
    };
  }

  /**
   * Answers from memory.
   * @returns false when there is no recent answer, so that the request has to be served
   */
  repeat(request: Request, response: Response): boolean {
    const answer = this.answers.get(keyOf(request));
    if (!answer || performance.now() - answer.at > MAX_AGE_MS) return false;
    response.writeHead(answer.status, { ...answer.headers, 'x-request-id': randomUUID() }).end(answer.body);
    return true;
  }
}
