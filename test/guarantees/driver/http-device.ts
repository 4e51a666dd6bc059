import type { Person } from '../../support/people';
import { ANSWER_TIMEOUT_MS, refused, type Command, type Device, type Outcome } from './device';

/** A client over HTTP. */
export class HttpDevice implements Device {
  constructor(
    private readonly url: string,
    private readonly person: Person,
  ) {}

  get userId(): string {
    return this.person.id;
  }

  perform(conversationId: string, command: Command): Promise<Outcome> {
    const path = `/conversations/${conversationId}/messages`;
    switch (command.op) {
      case 'send':
        return this.request('POST', path, { id: command.id, body: command.body });
      case 'edit': {
        const { body, parents, version } = command;
        return this.request('PUT', `${path}/${command.messageId}`, { body, parents, version });
      }
      case 'delete':
        return this.request('DELETE', `${path}/${command.messageId}`);
    }
  }

  /** Sends a request under /api/v1 once. */
  async request(method: string, path: string, body?: unknown): Promise<Outcome> {
    try {
      const response = await fetch(`${this.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.person.accessToken}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      const text = await response.text();
      const answer: unknown = text === '' ? {} : JSON.parse(text);
      return response.ok ? { type: 'ok', value: answer } : refused(answer as object);
    } catch (error) {
      const { cause, name } = error as Error & { cause?: { code?: string } };
      // No server listens on the port, so the request had no effect.
      if (cause?.code === 'ECONNREFUSED')
        return { type: 'fail', value: { code: 'unreachable', status: 503 } };
      return { type: 'info', value: { code: cause?.code ?? name } };
    }
  }

  close(): void {
    // No connection stays open between requests.
  }
}
