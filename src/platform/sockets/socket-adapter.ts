import type { Server as HttpServer } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { WsMessageHandler } from '@nestjs/common';
import { firstValueFrom, type Observable } from 'rxjs';
import type { Server, ServerOptions, Socket } from 'socket.io';
import type { Configuration } from '../configuration/configuration';
import { MAX_BODY_BYTES } from '../http/json-body';
import { ClientAddresses } from '../http/client-address';
import { isAllowedOrigin } from '../http/origins';
import { foreign } from '../logging/foreign-text';
import { describeError, type StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import { RateLimits } from '../rate-limits/rate-limits';
import type { ThisWorker } from '../workers/this-worker';
import { boundedParser } from './bounded-parser';
import type { Acknowledgement } from './command-middleware';
import { chargeConnections } from './engine-admission';
import { refuseOtherUpgrades } from './refuse-upgrade';
import { routeSessions } from './session-routing';
import { writeOncePerTurn } from './turn-broadcast';

/** A client that has not authenticated by then is disconnected. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Socket.IO as the API requires it: origins checked on both transports, no compression, bounded frames. */
export class SocketAdapter extends IoAdapter {
  private readonly addresses: ClientAddresses;
  private readonly rateLimits: RateLimits;
  private latest: Socket | undefined;

  constructor(
    application: INestApplicationContext,
    private readonly configuration: Configuration,
    private readonly log: StructuredLogger,
    private readonly metrics: Metrics,
    private readonly worker?: ThisWorker,
  ) {
    super(application);
    this.addresses = application.get(ClientAddresses);
    this.rateLimits = application.get(RateLimits);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const { CORS_ORIGINS: allowed } = this.configuration;
    const server = super.createIOServer(port, {
      ...options,
      serveClient: false,
      parser: boundedParser,
      transports: ['websocket', 'polling'],
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: MAX_BODY_BYTES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      destroyUpgrade: false, // refuseOtherUpgrades does it
      cors: { origin: allowed.length > 0 ? allowed : false, credentials: false },
      // `cors` alone would not stop a WebSocket of another origin.
      allowRequest: (request, decide) => {
        const { origin, host } = request.headers;
        this.addresses.of(request); // stores the address, because the connection of a polling client may be closed later
        const isAllowed = isAllowedOrigin(origin, host, this.addresses.protocolOf(request), allowed);
        if (!isAllowed)
          this.log.event('warn', 'a socket of another origin was rejected; see CORS_ORIGINS', {
            origin: foreign(origin ?? ''),
          });
        decide(isAllowed ? null : 'forbidden', isAllowed);
      },
    } as ServerOptions);
    chargeConnections(server, {
      addresses: this.addresses,
      rateLimits: this.rateLimits,
      onFlood: () => this.log.event('warn', 'a socket was closed because it sent too many packets'),
    });
    if (this.worker) routeSessions(server, this.worker);
    refuseOtherUpgrades(server.httpServer as HttpServer, `${server.path()}/`);
    const reason = writeOncePerTurn(server, (waiting) => {
      this.metrics.slowSockets.inc();
      this.log.event('warn', 'a socket was closed because its client does not read', waiting);
    });
    if (reason) this.log.event('warn', 'broadcasts use the ordinary, slower path', { reason });
    return server;
  }

  /** Like Nest's method, but without a chain of observables for each command of each socket. */
  override bindMessageHandlers(
    socket: Socket,
    handlers: WsMessageHandler<string>[],
    transform: (result: unknown) => Observable<Acknowledgement | undefined>,
  ): void {
    for (const { message, callback } of handlers) {
      socket.on(message, (payload: unknown, answer: (acknowledgement: Acknowledgement) => void) => {
        // A command that failed outside the interceptors gets no answer here; the middleware answers at its
        // deadline.
        firstValueFrom(transform(callback(payload, answer))).then(
          (acknowledgement) => acknowledgement && answer(acknowledgement),
          (error: unknown) =>
            this.log.event('error', 'a command failed', { error: describeError(error as Error) }),
        );
      });
    }
  }

  /** Nest calls this once for every gateway, and notifies all gateways through any one of the callbacks. */
  override bindClientDisconnect(socket: Socket, callback: (reason: string) => void): void {
    if (socket !== this.latest) super.bindClientDisconnect(socket, callback);
    this.latest = socket;
  }
}
