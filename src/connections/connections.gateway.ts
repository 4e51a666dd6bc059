import { randomUUID } from 'node:crypto';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { SessionEnded } from '../authentication/session-ended.event';
import { SessionsService } from '../authentication/sessions.service';
import { Configuration } from '../platform/configuration/configuration';
import { DatabaseMonitor } from '../platform/database/database-monitor';
import { Maintenance } from '../platform/database/maintenance';
import { Command, Emits } from '../platform/documents/documented';
import { integer, record } from '../platform/documents/schema';
import { EventBus } from '../platform/events/event-bus';
import { WorkInFlight } from '../platform/lifecycle/work-in-flight';
import { describeError, StructuredLogger } from '../platform/logging/structured-logger';
import { Metrics } from '../platform/metrics/metrics';
import { Problem } from '../platform/problems/problem';
import { logProblem } from '../platform/problems/problem.filter';
import { toProblem } from '../platform/problems/to-problem';
import { RateLimits } from '../platform/rate-limits/rate-limits';
import { runInContext, type RequestContext } from '../platform/request-context';
import { commandFrame, endingOf, identityOf, type SocketIdentity } from '../platform/sockets/command-frame';
import { DirectCommands } from '../platform/sockets/direct-commands';
import { forgetHandshake } from '../platform/sockets/forget-handshake';
import { conversationRoom, Rooms, sessionRoom, userRoom, type Arrival } from '../platform/sockets/rooms';
import { RefreshSessionCommandDto } from './connections.dto';
import { Entitlements } from './entitlements';
import type { TraceParent } from '../platform/tracing/span';
import { parseTraceParent } from '../platform/tracing/trace-parent';
import { Tracing } from '../platform/tracing/tracing';
import { WritePaths } from './write-paths';
import { CONNECTION_EVENTS } from './connections.events';

const SWEEP_MS = 2_000;
/** How many are asked to come back in a second: each of them costs the other servers a few reads. */
const RECONNECTS_PER_SECOND = 500;
/** Where there are few: a server that has nobody beside it is back by then. */
const MIN_SPREAD_MS = 2_000;
/** Nobody is asked to stay away for longer: meanwhile they can send over HTTP, and hear nothing live. */
const MAX_SPREAD_MS = 30_000;

type Status = 'ok' | 'degraded' | 'maintenance';

interface SocketData {
  identity: SocketIdentity;
  arrival?: Arrival;
  /** Listens for the end of the connection while the socket arrives. */
  onGone?: () => void;
  entry?: { conversationIds: string[]; epoch: number };
  /** Kept only of those that name one. */
  traceParent?: TraceParent;
}

const dataOf = (socket: Socket): SocketData => socket.data as SocketData;

/** How sockets come and go: authentication in the handshake, rooms, `ready`, expiry, revocation, drain. */
@WebSocketGateway()
@Emits(CONNECTION_EVENTS)
export class ConnectionsGateway
  implements OnModuleInit, OnGatewayInit, OnGatewayConnection, OnApplicationShutdown
{
  private server: Server | undefined;
  private sweeper: NodeJS.Timeout | undefined;
  private readonly frame: ReturnType<typeof commandFrame>;
  private epoch: number | undefined;
  private isEpochCertain = false;
  private announced: Status = 'ok';
  /** Connections whose authentication is on its way. Socket.IO would begin one for each packet that asks for it. */
  private readonly arriving = new WeakSet<Socket['conn']>();

  constructor(
    private readonly configuration: Configuration,
    private readonly sessions: SessionsService,
    private readonly entitlements: Entitlements,
    private readonly rooms: Rooms,
    private readonly events: EventBus,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly rateLimits: RateLimits,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
    private readonly work: WorkInFlight,
    private readonly logger: StructuredLogger,
    private readonly writePaths: WritePaths,
    direct: DirectCommands,
  ) {
    this.frame = commandFrame({
      timeoutMs: configuration.REQUEST_TIMEOUT_MS,
      work,
      metrics,
      tracing,
      logger,
      direct,
      admit: (socket) => this.rateLimits.take('command', identityOf(socket).userId),
    });
  }

  onModuleInit(): void {
    this.events.on(SessionEnded, ({ sessionId, reason }) =>
      this.rooms.endSession(sessionId, 'session:revoked', { reason }),
    );
    this.monitor.onChange(() => this.announceStatus());
    this.monitor.onConnect(() => void this.compareEpoch());
    this.maintenance.onChange(() => this.announceStatus());
  }

  afterInit(server: Server): void {
    this.server = server;
    this.rooms.attach(server);
    this.writePaths.attach(server);
    server.use((socket, next) => {
      this.admit(socket).then(
        () => {
          this.metrics.handshakes.inc({ outcome: 'ok' });
          next();
        },
        (refusal: Error) => next(refusal),
      );
    });
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
  }

  /** Everything here happens in one turn: no event can fall between entering the rooms and `ready`. */
  handleConnection(socket: Socket): void {
    try {
      const { identity, arrival, onGone, entry, traceParent } = dataOf(socket);
      if (!arrival || !onGone || !entry) return void socket.disconnect(true);
      this.rooms.settle(arrival);
      socket.conn.off('close', onGone);
      socket.data = { identity, ...(traceParent && { traceParent }) };
      forgetHandshake(socket);
      if (arrival.ended) {
        socket.emit('session:revoked', { reason: 'ended-elsewhere' });
        return void socket.disconnect(true);
      }
      const rooms = entry.conversationIds
        .map(conversationRoom)
        .filter((room) => !arrival.withdrawn.has(room));
      void socket.join([userRoom(identity.userId), sessionRoom(identity.sessionId), ...rooms]);
      socket.use((packet, next) => this.frame(socket, packet, next));
      this.writePaths.follow(socket);
      this.metrics.sockets.inc();
      socket.once('disconnect', () => this.metrics.sockets.dec());
      this.epoch ??= entry.epoch;
      socket.emit('ready', {
        userId: identity.userId,
        sessionId: identity.sessionId,
        epoch: entry.epoch,
        serverTime: new Date().toISOString(),
      });
      if (this.status().status !== 'ok') socket.emit('server:status', this.status());
    } catch (error) {
      // An exception that leaves this method would end the process.
      this.logger.event('error', 'a connection failed', { error: describeError(error as Error) });
      socket.disconnect(true);
    }
  }

  /** Gives the socket a newer access token of the same session. */
  @SubscribeMessage('session:refresh')
  @Command({
    summary: 'Give the socket a newer access token of the same session',
    answer: record('Refreshed', {
      expiresIn: integer(0, { description: 'Seconds until it runs out.', example: 900 }),
    }),
    problems: ['unauthenticated', 'token-expired', 'session-revoked'],
    isWrite: false,
  })
  async refresh(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { token }: RefreshSessionCommandDto,
  ): Promise<{ expiresIn: number }> {
    const identity = identityOf(socket);
    const claims = await this.sessions.authenticate(token);
    if (claims.sessionId !== identity.sessionId) throw new Problem('unauthenticated');
    identity.expiresAt = claims.expiresAt;
    return { expiresIn: Math.max(0, Math.floor((claims.expiresAt - Date.now()) / 1_000)) };
  }

  /** Tells every socket to come back, each in a moment of its own, so that they do not all return at once. */
  announceDraining(): void {
    const sockets = [...(this.server?.sockets.sockets.values() ?? [])];
    const neededMs = (sockets.length / RECONNECTS_PER_SECOND) * 1_000;
    const slotMs = Math.min(MAX_SPREAD_MS, Math.max(MIN_SPREAD_MS, neededMs)) / sockets.length;
    for (const [index, socket] of sockets.entries())
      socket.emit('server:draining', { reconnectInMs: Math.floor((index + Math.random()) * slotMs) });
  }

  /**
   * Ends every connection as a broken network would: Socket.IO's clients come back by themselves after that, but not
   * when the server tells them to go. Resolves when all have got what was said to them before.
   */
  async closeAll(): Promise<void> {
    const connections = [...(this.server?.sockets.sockets.values() ?? [])].map(({ conn }) => conn);
    await Promise.all(
      connections.map((connection) => {
        const closed = new Promise<void>((resolve) => connection.once('close', () => resolve()));
        connection.close();
        return closed;
      }),
    );
  }

  /** @throws Error with what the client finds in `connect_error.data` */
  private async admit(socket: Socket): Promise<void> {
    const { auth, headers } = socket.handshake;
    // Browsers can give a WebSocket no headers.
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
    await runInContext(context, async () => {
      try {
        await this.admitOnce(socket);
        if (parent) dataOf(socket).traceParent = parent;
        span?.end(endingOf(requestId, undefined));
      } catch (error) {
        const problem = toProblem(error);
        span?.end(endingOf(requestId, problem));
        throw this.refusal(problem, requestId);
      }
    });
  }

  /** @throws Problem, or what authenticating throws */
  private async admitOnce(socket: Socket): Promise<void> {
    const { conn } = socket;
    if (this.arriving.has(conn))
      throw new Problem('malformed-request', { detail: 'one handshake at a time' });
    this.arriving.add(conn);
    const end = this.work.begin();
    try {
      if (this.work.isClosed) throw new Problem('draining');
      this.rateLimits.take('anonymous', socket.handshake.address);
      const token: unknown = socket.handshake.auth.token;
      if (typeof token !== 'string' || token.length > 4_096) throw new Problem('unauthenticated');
      await this.authenticate(socket, token);
    } finally {
      this.arriving.delete(conn);
      end();
    }
  }

  private async authenticate(socket: Socket, token: string): Promise<void> {
    const { userId, sessionId } = await this.sessions.claims(token);
    // From here on, what is taken away from this user or session is noted, whatever is read below.
    const arrival = this.rooms.announce(userId, sessionId);
    const onGone = (): void => this.rooms.settle(arrival);
    socket.conn.once('close', onGone);
    try {
      const { expiresAt } = await this.sessions.authenticate(token);
      const entry = await this.entitlements.of(userId);
      socket.data = {
        identity: { userId, sessionId, expiresAt },
        arrival,
        onGone,
        entry,
      } satisfies SocketData;
    } catch (error) {
      this.rooms.settle(arrival);
      throw error;
    }
  }

  private refusal(problem: Problem, requestId: string): Error {
    this.metrics.handshakes.inc({ outcome: problem.code });
    logProblem(this.logger, problem);
    return Object.assign(new Error(problem.code), { data: problem.toDocument('/socket.io', requestId) });
  }

  /**
   * After a restore people are connected to what is no more: their numbers, and perhaps their sessions and rooms. They
   * are cut off as by a broken network, after which clients come back by themselves, and are told the new epoch.
   */
  private async compareEpoch(): Promise<void> {
    this.isEpochCertain = false;
    try {
      const epoch = await this.entitlements.epoch();
      const isAnother = this.epoch !== undefined && this.epoch !== epoch;
      this.epoch = epoch;
      this.isEpochCertain = true;
      if (!isAnother) return;
      this.logger.event('warn', 'the database is of another epoch: every socket has to begin again', {
        epoch,
      });
      for (const socket of this.server?.sockets.sockets.values() ?? []) socket.conn.close();
    } catch {
      // The next sweep, or the next connection of the monitor, asks again.
    }
  }

  /** Closes sockets whose token ran out, but never for want of a database to refresh it against (G7). */
  private sweep(): void {
    const { isUp, since } = this.monitor.verdict;
    const now = Date.now();
    if (isUp && !this.isEpochCertain) void this.compareEpoch();
    if (!isUp || now - since < this.configuration.SOCKET_GRACE_AFTER_OUTAGE_MS) return;
    for (const socket of this.server?.sockets.sockets.values() ?? []) {
      if (identityOf(socket).expiresAt > now) continue;
      socket.emit('session:expired', { reason: 'token-expired' });
      socket.disconnect(true);
    }
  }

  private status(): { status: Status } {
    if (!this.monitor.verdict.isUp) return { status: 'degraded' };
    return { status: this.maintenance.isOn ? 'maintenance' : 'ok' };
  }

  /** The reason may change without the status doing so; people are told of the status only. */
  private announceStatus(): void {
    const { status } = this.status();
    if (status === this.announced) return;
    this.announced = status;
    this.server?.emit('server:status', { status });
  }
}
