import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientAddresses } from './client-address';

/** Enough for an office behind one address: browsers open at most six connections, and keep them for a while. */
export const MAX_CONNECTIONS_PER_ADDRESS = 1_000;

interface Client {
  readonly key: string;
  open: number;
  /** Connections without a request in flight, longest idle first. */
  readonly idle: Set<Socket>;
}

/**
 * Bounds how many TCP connections one address holds. Node closes connections whose headers or bodies are overdue,
 * and idle ones, but it accepts any number of them meanwhile. At the limit, it closes the connection that has been
 * idle for longest. When all others have a request in flight, that is the new one.
 *
 * It does not count connections that became sockets, since these have budgets and caps of their own. Behind a
 * trusted proxy all connections come from the proxy, which has to bound those of its clients.
 */
export function capConnections(
  server: Server,
  addresses: ClientAddresses,
  maximum = MAX_CONNECTIONS_PER_ADDRESS,
): void {
  const clients = new Map<string, Client>();
  const clientOf = new WeakMap<Socket, Client>();

  const release = (socket: Socket): void => {
    const client = clientOf.get(socket);
    if (!client) return;
    clientOf.delete(socket);
    client.idle.delete(socket);
    if (--client.open === 0) clients.delete(client.key);
  };

  server.on('connection', (socket: Socket) => {
    const key = addresses.peerKeyOf(socket);
    if (key === undefined) return;
    const client = clients.get(key) ?? { key, open: 0, idle: new Set() };
    clients.set(key, client);
    clientOf.set(socket, client);
    client.idle.add(socket);
    socket.once('close', () => release(socket));
    if (++client.open <= maximum) return;
    const [oldest] = client.idle;
    release(oldest!);
    oldest!.destroy();
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const client = clientOf.get(socket);
    if (!client) return;
    client.idle.delete(socket);
    response.once('close', () => {
      if (clientOf.has(socket)) client.idle.add(socket);
    });
  });
  server.on('upgrade', ({ socket }: IncomingMessage) => release(socket));
}
