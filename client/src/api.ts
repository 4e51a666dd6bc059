import { toProblem, XFChatError } from './problem.ts';
import { callBy } from './routes.ts';
import { parsePath, parseServerUrl } from './validate.ts';

/** The `fetch` of the platform, or a replacement. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends HTTP requests. Each call is one attempt without state: it returns the answer or throws an XFChatError. */
export class Api {
  private readonly base: string;

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(
    url: string,
    private readonly timeoutMs: number,
    private readonly fetch: Fetch = (...request) => globalThis.fetch(...request),
  ) {
    this.base = `${parseServerUrl(url)}/api/v1`;
  }

  /** Sends a request that needs no session. */
  readonly call = callBy((method, path, body) => this.request(method, path, body));

  /**
   * @param path below `/api/v1`, beginning with `/`
   * @throws XFChatError the server's problem, `unreachable` when no complete answer came in time, or `validation-failed`
   *   when the path would reach another route
   */
  async request<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const { response, text } = await this.exchange(method, parsePath(path), body, token);
    const answer = parse(text);
    if (!response.ok) {
      const retryAfter = Number(response.headers.get('retry-after') ?? 0);
      throw new XFChatError(toProblem(response.status, answer, retryAfter));
    }
    // A captive portal answers 200 with its own page.
    if (answer === undefined && text !== '') throw XFChatError.unreachable(new Error('not JSON'));
    return answer as T;
  }

  private async exchange(method: string, path: string, body: unknown, token: string | undefined) {
    try {
      const response = await this.fetch(this.base + path, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return { response, text: await response.text() };
    } catch (error) {
      throw XFChatError.unreachable(error);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
