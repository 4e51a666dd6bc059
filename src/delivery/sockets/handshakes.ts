import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Socket } from 'socket.io';
import { LiveSessions } from '../../features/authentication/live-sessions';
import { Configuration } from '../../platform/configuration/configuration';
import { ClientAddresses } from '../../platform/http/client-address';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { StructuredLogger } from '../../platform/logging/structured-logger';
import { Metrics } from '../../platform/metrics/metrics';
import {
  DRAINING,
  MALFORMED_REQUEST,
  TEMPORARILY_UNAVAILABLE,
  UNAUTHENTICATED,
} from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { logProblem } from '../../platform/problems/problem.filter';
import { toProblem } from '../../platform/problems/to-problem';
import { OPENING, VERIFICATION } from '../../platform/rate-limits/allowances';
import { chargePerson } from '../../platform/rate-limits/charge-person';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { Suspensions } from '../../platform/rate-limits/suspensions';
import { runInContext, type RequestContext } from '../../platform/request-context';
import { endingOf } from '../../platform/sockets/command-middleware';
import { Rooms } from '../../platform/sockets/rooms';
import type { SocketLife } from '../../platform/sockets/socket-machine';
import { parseTraceParent } from '../../platform/tracing/trace-parent';
import { Tracing } from '../../platform/tracing/tracing';
import { EventRelay, RELAY_PATIENCE_MS } from '../../platform/servers/event-relay';
import { Entitlements } from './entitlements';

/** Decides who may have a socket: everything between a handshake and joining the rooms. */
@Injectable()
export class Handshakes {
  /** Connections that are being authenticated. Socket.IO would start again for each packet that asks for it. */
  private readonly arriving = new WeakSet<Socket['conn']>();

  private readonly outcomes;

  constructor(
    private readonly configuration: Configuration,
    private readonly sessions: LiveSessions,
    private readonly entitlements: Entitlements,
    private readonly rooms: Rooms,
    private readonly addresses: ClientAddresses,
    private readonly rateLimits: RateLimits,
    private readonly suspensions: Suspensions,
    metrics: Metrics,
    private readonly tracing: Tracing,
    private readonly work: WorkInFlight,
    private readonly relay: EventRelay,
    private readonly logger: StructuredLogger,
  ) {
    this.outcomes = metrics.counter(
      'xfchat_handshakes_total',
      'Socket handshakes, by outcome (ok or the problem code)',
      ['outcome'],
    );
  }

  /** @throws Error with the problem that the client gets as `connect_error.data` */
  async admit(socket: Socket): Promise<void> {
    const { auth, headers } = socket.handshake;
    // Browsers cannot set headers on a WebSocket.
    const parent = parseTraceParent(auth.traceparent ?? headers.traceparent);
    const span = this.tracing.begin('handshake', parent);
    const requestId = randomUUID();
    const context: RequestContext = {
      requestId,
      traceId: parent?.traceId,
      span,
      operation: 'handshake',
      share: 'sign-in',
      deadline: performance.now() + this.configuration.REQUEST_TIMEOUT_MS,
    };
    const life: SocketLife = { state: 'connecting', socket };
    socket.data = life;
    await runInContext(context, async () => {
      try {
        await this.admitOnce(life);
        this.outcomes.inc({ outcome: 'ok' });
        if (parent) life.traceParent = parent;
        span?.end(endingOf(requestId, undefined));
      } catch (error) {
        this.rooms.machine.handle(life, 'rejected');
        const problem = toProblem(error);
        span?.end(endingOf(requestId, problem));
        throw this.refusal(problem, requestId);
      }
    });
  }

  /** @throws Problem, or the error of the authentication */
  private async admitOnce(life: SocketLife): Promise<void> {
    const { socket } = life;
    const { conn } = socket;
    const address = this.addresses.budgetKeyOf(socket.request);
    this.rateLimits.take(VERIFICATION, address);
    if (this.arriving.has(conn)) throw new Problem(MALFORMED_REQUEST, { detail: 'one handshake at a time' });
    this.arriving.add(conn);
    const end = this.work.begin();
    try {
      if (this.work.isClosed) throw new Problem(DRAINING);
      const token: unknown = socket.handshake.auth.token;
      if (typeof token !== 'string' || token.length > 4_096) throw new Problem(UNAUTHENTICATED);
      await this.authenticate(life, token, address);
    } finally {
      this.arriving.delete(conn);
      end();
    }
  }

  private async authenticate(life: SocketLife, token: string, address: string): Promise<void> {
    const claims = this.sessions.claims(token);
    const { userId, sessionId, expiresAt } = claims;
    // The signature is valid. From here on the session is charged, not everybody at this address.
    this.rateLimits.giveBack(VERIFICATION, address);
    const { machine } = this.rooms;
    // From here on, changes for this user or session are held, whatever the reads below return.
    machine.handle(life, 'token-checked', { identity: { userId, sessionId, expiresAt } });
    await this.sessions.requireLive(claims);
    this.rateLimits.giveBack(OPENING, address);
    chargePerson({ rateLimits: this.rateLimits, suspensions: this.suspensions }, userId);
    // This server first applies what others have acknowledged, and only then reads the user's rights. So it sends
    // nothing that they no longer allow.
    if (!(await this.relay.whenLive(RELAY_PATIENCE_MS))) throw new Problem(TEMPORARILY_UNAVAILABLE);
    const entry = await this.entitlements.of(userId);
    if (life.arrival) life.arrival.entry = entry;
    machine.handle(life, 'read');
  }

  private refusal(problem: Problem, requestId: string): Error {
    this.outcomes.inc({ outcome: problem.code });
    logProblem(this.logger, problem);
    return Object.assign(new Error(problem.code), { data: problem.toDocument('/socket.io', requestId) });
  }
}
