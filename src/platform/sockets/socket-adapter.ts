import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import type { Configuration } from '../configuration/configuration';
import { MAX_BODY_BYTES } from '../http/json-body';
import { isAllowedOrigin, protocolOf } from '../http/origins';
import type { StructuredLogger } from '../logging/structured-logger';

/** A client that has not authenticated by then is cut off. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Socket.IO as the contract has it: origins checked on both transports, no compression, bounded frames. */
export class SocketAdapter extends IoAdapter {
  constructor(
    application: INestApplicationContext,
    private readonly configuration: Configuration,
    private readonly log: StructuredLogger,
  ) {
    super(application);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const { CORS_ORIGINS: allowed, TRUST_PROXY: proxy } = this.configuration;
    return super.createIOServer(port, {
      ...options,
      serveClient: false,
      transports: ['websocket', 'polling'],
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: MAX_BODY_BYTES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      cors: { origin: allowed.length > 0 ? allowed : false, credentials: false },
      // `cors` alone would not stop a WebSocket of another origin.
      allowRequest: (request, decide) => {
        const { origin, host } = request.headers;
        const isAllowed = isAllowedOrigin(origin, host, protocolOf(request, proxy !== undefined), allowed);
        if (!isAllowed)
          this.log.event('warn', 'a socket of another origin was refused; see CORS_ORIGINS', { origin });
        decide(isAllowed ? null : 'forbidden', isAllowed);
      },
    } as ServerOptions);
  }
}
