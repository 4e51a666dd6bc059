import type { Request, Response } from 'express';

const PROBE_PATHS = new Set(['/health', '/health/live', '/health/ready', '/health/startup']);
/** How old an answer may be that is given again. Probes ask every second at most. */
const MAX_AGE_MS = 1_000;

interface Answer {
  readonly at: number;
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/**
 * The last answer of each probe. Whoever probes more often than its budget allows gets that answer from memory, so a
 * flood of probes costs next to nothing and the orchestrator's own probe is never refused.
 */
export class ProbeAnswers {
  private readonly answers = new Map<string, Answer>();

  /** Whether the request is a probe whose answer is the same for everybody. */
  isProbe(request: Request): boolean {
    return (
      request.method === 'GET' && PROBE_PATHS.has(request.path) && request.headers.authorization === undefined
    );
  }

  /** Remembers what the request will be answered. */
  remember(request: Request, response: Response): void {
    const { path } = request;
    const send = response.send.bind(response);
    response.send = (body: unknown) => {
      if (typeof body === 'string' || Buffer.isBuffer(body))
        this.answers.set(path, {
          at: performance.now(),
          status: response.statusCode,
          type: String(response.getHeader('Content-Type') ?? 'application/json; charset=utf-8'),
          body,
        });
      return send(body);
    };
  }

  /** Answers from memory. False when there is no recent answer: then the request has to be served. */
  repeat(request: Request, response: Response): boolean {
    const answer = this.answers.get(request.path);
    if (!answer || performance.now() - answer.at > MAX_AGE_MS) return false;
    response.writeHead(answer.status, { 'Content-Type': answer.type, 'Cache-Control': 'no-store' });
    response.end(answer.body);
    return true;
  }
}
