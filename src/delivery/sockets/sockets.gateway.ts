import type { OnModuleInit } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { SessionEnded } from '../../features/authentication/session-ended.event';
import { LiveSessions } from '../../features/authentication/live-sessions';
import { Configuration } from '../../platform/configuration/configuration';
import { Command, Emits } from '../../platform/documents/documented';
import { integer, record } from '../../platform/documents/schema';
import { EventBus } from '../../platform/events/event-bus';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { describeError, StructuredLogger } from '../../platform/logging/structured-logger';
import { Metrics } from '../../platform/metrics/metrics';
import { SESSION_REVOKED, TOKEN_EXPIRED, UNAUTHENTICATED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { chargePerson } from '../../platform/rate-limits/charge-person';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { Suspensions } from '../../platform/rate-limits/suspensions';
import { EventRelay } from '../../platform/servers/event-relay';
import { commandMiddleware } from '../../platform/sockets/command-middleware';
import { identityOf } from '../../platform/sockets/socket-identity';
import { DirectCommands } from '../../platform/sockets/direct-commands';
import { forgetHandshake } from '../../platform/sockets/forget-handshake';
import { Rooms, roomsOf, sessionRoom, userRoom } from '../../platform/sockets/rooms';
import { conversationRoom } from '../../features/membership/conversation-room';
import { Tracing } from '../../platform/tracing/tracing';
import { SocketSupervisor } from './socket-supervisor';
import { RefreshSessionCommandDto } from './sockets.dto';
import { CONNECTION_EVENTS } from './sockets.events';
import { dataOf, Handshakes } from './handshakes';
import { WritePaths } from './write-paths';

/** How many sockets per second are asked to reconnect: each costs the other servers a few reads. */
const RECONNECTS_PER_SECOND = 500;
/** The least spread of reconnects: a server without others restarts within this time. */
const MIN_SPREAD_MS = 2_000;
/** The longest delay: until they reconnect, clients can send over HTTP but get no live events. */
const MAX_SPREAD_MS = 30_000;

/** Several tabs on each of several devices. A client that leaks sockets loses its oldest ones. */
const MAX_SOCKETS_PER_PERSON = 100;

/** The life of sockets: joining their rooms, `ready`, the end of their session, and draining. */
@WebSocketGateway()
@Emits(CONNECTION_EVENTS)
export class SocketsGateway implements OnModuleInit, OnGatewayInit, OnGatewayConnection {
  private server: Server | undefined;
  private connected = 0;
  private readonly middleware: ReturnType<typeof commandMiddleware>;

  constructor(
    private readonly sessions: LiveSessions,
    private readonly handshakes: Handshakes,
    private readonly watch: SocketSupervisor,
    private readonly rooms: Rooms,
    private readonly events: EventBus,
    metrics: Metrics,
    private readonly logger: StructuredLogger,
    private readonly writePaths: WritePaths,
    private readonly configuration: Configuration,
    private readonly rateLimits: RateLimits,
    suspensions: Suspensions,
    tracing: Tracing,
    work: WorkInFlight,
    relay: EventRelay,
    direct: DirectCommands,
  ) {
    metrics.gauge('xfchat_sockets_connected', 'Connected and authenticated sockets', () => this.connected);
    this.middleware = commandMiddleware({
      timeoutMs: configuration.REQUEST_TIMEOUT_MS,
      work,
      metrics,
      tracing,
      logger,
      relay,
      direct,
      admit: (socket) => {
        const { userId } = identityOf(socket);
        chargePerson({ rateLimits, suspensions }, userId, () => this.disconnectAll(userId));
      },
    });
  }

  onModuleInit(): void {
    this.events.on(SessionEnded, ({ sessionId, reason }) =>
      this.rooms.endSession(sessionId, 'session:revoked', { reason }),
    );
  }

  afterInit(server: Server): void {
    this.server = server;
    this.rooms.attach(server);
    this.watch.attach(server);
    this.writePaths.attach(server);
    server.use((socket, next) => {
      this.handshakes.admit(socket).then(
        () => next(),
        (refusal: Error) => next(refusal),
      );
    });
  }

  /** Runs in one turn: no event can come between joining the rooms and `ready`. */
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
      const rooms = roomsOf(arrival, entry.conversationIds.map(conversationRoom));
      void socket.join([userRoom(identity.userId), sessionRoom(identity.sessionId), ...rooms]);
      this.makeRoom(identity.userId);
      socket.use((packet, next) => this.middleware(socket, packet, next));
      this.writePaths.follow(socket);
      this.connected++;
      socket.once('disconnect', () => {
        this.connected--;
        // A client can close its socket but keep the connection, which no limit would end.
        socket.conn.close();
      });
      this.watch.noteEpoch(entry.epoch);
      socket.emit('ready', {
        userId: identity.userId,
        sessionId: identity.sessionId,
        epoch: entry.epoch,
        serverTime: new Date().toISOString(),
      });
      const status = this.watch.status();
      if (status.status !== 'ok') socket.emit('server:status', status);
    } catch (error) {
      // An exception that leaves this method would end the process.
      this.logger.event('error', 'a connection failed', { error: describeError(error as Error) });
      socket.disconnect(true);
    }
  }

  /** Closes a person's oldest sockets in this process when they have too many. */
  private makeRoom(userId: string): void {
    if (!this.rateLimits.isOn) return;
    const sockets = this.socketsOf(userId);
    for (const oldest of sockets.slice(0, Math.max(0, sockets.length - MAX_SOCKETS_PER_PERSON)))
      oldest.disconnect(true);
  }

  /** Gives the socket a newer access token of the same session. */
  @SubscribeMessage('session:refresh')
  @Command({
    summary: 'Give the socket a newer access token of the same session',
    answer: record('Refreshed', {
      expiresIn: integer(0, { description: 'Seconds until it expires.', example: 900 }),
    }),
    problems: [UNAUTHENTICATED, TOKEN_EXPIRED, SESSION_REVOKED],
    isWrite: false,
  })
  async refresh(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { token }: RefreshSessionCommandDto,
  ): Promise<{ expiresIn: number }> {
    const identity = identityOf(socket);
    const claims = await this.sessions.authenticate(token);
    if (claims.sessionId !== identity.sessionId) throw new Problem(UNAUTHENTICATED);
    identity.expiresAt = claims.expiresAt;
    return { expiresIn: Math.max(0, Math.floor((claims.expiresAt - Date.now()) / 1_000)) };
  }

  /** Closes the connections of a person who continues after rejections. They may return after the suspension. */
  private disconnectAll(userId: string): void {
    this.logger.event('warn', 'a person was suspended for going on after refusals', { userId });
    for (const socket of this.socketsOf(userId)) socket.conn.close();
  }

  private socketsOf(userId: string): Socket[] {
    const { adapter, sockets } = this.server!.sockets;
    return [...(adapter.rooms.get(userRoom(userId)) ?? [])].flatMap((id) => sockets.get(id) ?? []);
  }

  /** Asks every socket to reconnect after a delay of its own, so that they do not all return at once. */
  announceDraining(): void {
    const sockets = [...(this.server?.sockets.sockets.values() ?? [])];
    // The other workers have about as many sockets and drain at the same time.
    const all = sockets.length * this.configuration.workerCount;
    const neededMs = (all / RECONNECTS_PER_SECOND) * 1_000;
    const slotMs = Math.min(MAX_SPREAD_MS, Math.max(MIN_SPREAD_MS, neededMs)) / sockets.length;
    for (const [index, socket] of sockets.entries())
      socket.emit('server:draining', { reconnectInMs: Math.floor((index + Math.random()) * slotMs) });
  }

  /**
   * Ends every connection like a broken network. Socket.IO's clients reconnect after that, but not after a disconnect
   * by the server. Resolves when all clients have received what was sent to them before.
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
}
