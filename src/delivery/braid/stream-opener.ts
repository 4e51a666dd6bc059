import { Inject, Injectable } from '@nestjs/common';
import { NEVER, type Observable } from 'rxjs';
import { bearerTokenOf } from '../../features/authentication/authentication.guard';
import { LiveSessions } from '../../features/authentication/live-sessions';
import { describeError, StructuredLogger } from '../../platform/logging/structured-logger';
import { Metrics } from '../../platform/metrics/metrics';
import { TEMPORARILY_UNAVAILABLE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { EventRelay, RELAY_PATIENCE_MS } from '../../platform/servers/event-relay';
import { MERGE_TYPE, type BraidHeaders } from './braid-headers';
import type { Exchange } from './exchange';
import { Subscriptions, type Subscriber } from './subscriptions';
import { STREAM_LIMITS, UpdateStream, type StreamLimits } from './update-stream';
import { formatVersions } from './version-list';

/** The first answer of a stream. It is read before the head is sent, so that a rejection is an ordinary answer. */
export interface Beginning {
  /** The current versions: a client that has them has caught up. */
  readonly current: readonly string[];
  readonly tell: () => void;
}

/** Opens streams in an order that misses no event and sends none after access was revoked. */
@Injectable()
export class StreamOpener {
  private readonly streams = new Set<UpdateStream>();
  private readonly slow;

  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly sessions: LiveSessions,
    private readonly relay: EventRelay,
    metrics: Metrics,
    private readonly logger: StructuredLogger,
    @Inject(STREAM_LIMITS) private readonly limits: StreamLimits,
  ) {
    this.slow = metrics.counter(
      'xfchat_slow_streams_closed_total',
      'Braid subscriptions closed because their clients did not read what was written',
    );
    metrics.gauge(
      'xfchat_streams_unread_bytes',
      'Bytes that clients of Braid subscriptions have not read yet',
      () => [...this.streams].reduce((sum, stream) => sum + stream.unreadBytes, 0),
    );
  }

  /**
   * Registers the subscriber first, so that revocations reach it. Then it checks the session again, and then reads.
   * Events that come meanwhile reach the subscriber.
   * @throws Problem of `begin`; `draining`, `session-revoked`, `temporarily-unavailable`
   */
  async open<S extends Subscriber>(
    { request, response }: Exchange,
    headers: BraidHeaders,
    make: (stream: UpdateStream) => S,
    begin: (subscriber: S) => Promise<Beginning>,
  ): Promise<Observable<never>> {
    const stream = new UpdateStream(response, this.limits, (isTooSlow) => {
      this.streams.delete(stream);
      this.subscriptions.remove(subscriber);
      if (!isTooSlow) return;
      this.slow.inc();
      this.logger.event('warn', 'a stream was closed because its client does not read');
    });
    const subscriber = make(stream);
    try {
      // As with sockets: a server that catches up with the others does not know yet what it would have to send.
      if (!(await this.relay.whenLive(RELAY_PATIENCE_MS))) throw new Problem(TEMPORARILY_UNAVAILABLE);
      this.subscriptions.add(subscriber);
      this.streams.add(stream);
      const { expiresAt } = await this.sessions.authenticate(bearerTokenOf(request) ?? '');
      subscriber.expiresAt = expiresAt;
      const { current, tell } = await begin(subscriber);
      // Access was revoked meanwhile. A retry gets the reason.
      if (stream.hasEnded) throw new Problem(TEMPORARILY_UNAVAILABLE, { retryAfter: 1 });
      const fields = fieldsOf(headers, current);
      if (request.method === 'HEAD') {
        stream.end();
        response.writeHead(209, 'Subscription', fields).end();
      } else {
        stream.open(fields, headers.heartbeatMs);
        tell();
      }
      return NEVER;
    } catch (error) {
      stream.end();
      throw error;
    }
  }

  /** An open stream cannot continue. Its reader reconnects and resumes. */
  failed(error: unknown): void {
    this.logger.event('warn', 'a stream failed and was ended', { error: describeError(error as Error) });
  }
}

function fieldsOf(headers: BraidHeaders, current: readonly string[]): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Current-Version': formatVersions(current),
    'Merge-Type': MERGE_TYPE,
    'X-Accel-Buffering': 'no',
    ...(headers.subscribe !== undefined && { Subscribe: headers.subscribe }),
    // Only on request: clients take the header for a promise.
    ...(headers.heartbeatMs !== undefined && { Heartbeats: `${headers.heartbeatMs / 1_000}s` }),
  };
}
