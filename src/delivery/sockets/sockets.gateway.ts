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
import { Rooms, sessionRoom, userRoom } from '../../platform/sockets/rooms';
import { lifeOf, roomsOf, type Arrival, type SocketLife } from '../../platform/sockets/socket-machine';
import { conversationRoom } from '../../features/membership/conversation-room';
import { Tracing } from '../../platform/tracing/tracing';
import { SocketSupervisor } from './socket-supervisor';
import { RefreshSessionCommandDto } from './sockets.dto';
import { CONNECTION_EVENTS } from './sockets.events';
import { Handshakes } from './handshakes';
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
    this.events.on(SessionEnded, ({ sessionId, reason }) => this.rooms.endSession(sessionId, { reason }));
  }

  afterInit(server: Server): void {
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

  handleConnection(socket: Socket): void {
    const life = lifeOf(socket);
    try {
      forgetHandshake(socket);
      this.rooms.machine.handle(life, 'entered', { enter: (arrival) => this.enter(life, arrival) });
    } catch (error) {
      // An exception that leaves this method would end the process.
      this.logger.event('error', 'a socket could not be set up', { error: describeError(error as Error) });
      this.rooms.machine.handle(life, 'entry-failed');
    }
  }

  /** Runs in one turn: no event can come between joining the rooms and `ready`. */
  private enter(life: SocketLife, arrival: Arrival): void {
    const { socket } = life;
    const { userId, sessionId } = life.identity!;
    const { conversationIds, epoch } = arrival.entry!;
    const rooms = roomsOf(arrival, conversationIds.map(conversationRoom));
    void socket.join([userRoom(userId), sessionRoom(sessionId), ...rooms]);
    this.makeRoom(userId);
    socket.use((packet, next) => this.middleware(socket, packet, next));
    this.writePaths.follow(socket);
    this.connected++;
    socket.once('disconnect', () => {
      this.connected--;
      this.rooms.machine.handle(life, 'gone');
      // A client can close its socket but keep the connection, which no limit would end.
      socket.conn.close();
    });
    this.watch.noteEpoch(epoch);
    socket.emit('ready', { userId, sessionId, epoch, serverTime: new Date().toISOString() });
    const status = this.watch.status();
    if (status.status !== 'ok') socket.emit('server:status', status);
  }

  /** Closes a person's oldest sockets in this process when they have too many. */
  private makeRoom(userId: string): void {
    if (!this.rateLimits.isOn) return;
    const lives = this.rooms.livesIn(userRoom(userId));
    for (const oldest of lives.slice(0, Math.max(0, lives.length - MAX_SOCKETS_PER_PERSON)))
      this.rooms.machine.handle(oldest, 'evicted');
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
    const { sessionId } = identityOf(socket);
    const claims = await this.sessions.authenticate(token);
    if (claims.sessionId !== sessionId) throw new Problem(UNAUTHENTICATED);
    const { expiresAt } = claims;
    this.rooms.machine.handle(lifeOf(socket), 'refreshed', { expiresAt });
    return { expiresIn: Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000)) };
  }

  /** Closes the connections of a person who continues after rejections. They may return after the suspension. */
  private disconnectAll(userId: string): void {
    this.logger.event('warn', 'a user was suspended after too many rejections', { userId });
    for (const life of this.rooms.livesIn(userRoom(userId))) this.rooms.machine.handle(life, 'suspended');
  }

  /** Asks every socket to reconnect after a delay of its own, so that they do not all return at once. */
  announceDraining(): void {
    const lives = this.rooms.lives();
    // The other workers have about as many sockets and drain at the same time.
    const all = lives.length * this.configuration.workerCount;
    const neededMs = (all / RECONNECTS_PER_SECOND) * 1_000;
    const slotMs = Math.min(MAX_SPREAD_MS, Math.max(MIN_SPREAD_MS, neededMs)) / lives.length;
    for (const [index, life] of lives.entries()) {
      const payload = { reconnectInMs: Math.floor((index + Math.random()) * slotMs) };
      this.rooms.machine.handle(life, 'draining', { payload });
    }
  }

  /**
   * Ends every connection like a broken network. Socket.IO's clients reconnect after that, but not after a disconnect
   * by the server. Resolves when all clients have received what was sent to them before.
   */
  async closeAll(): Promise<void> {
    await Promise.all(
      this.rooms.lives().map((life) => {
        const closed = new Promise<void>((resolve) => life.socket.conn.once('close', () => resolve()));
        this.rooms.machine.handle(life, 'drained');
        return closed;
      }),
    );
  }
}
