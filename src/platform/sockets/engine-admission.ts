import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import type { ClientAddresses } from '../http/client-address';
import { OPENING } from '../rate-limits/allowances';
import type { RateLimits } from '../rate-limits/rate-limits';
import { TokenBucket } from '../rate-limits/token-bucket';
import { refuseUpgrade } from './refuse-upgrade';

/** All packets of one connection: commands, pongs, acknowledgements, polling requests. */
const PACKETS = { burst: 2_000, perSecond: 200 };
/** Socket.IO's own clients need five short parameters. */
const MAX_ADDRESS_LENGTH = 2_048;
const SESSION_ID = /[?&]sid=([\w-]+)/;
const RETRY_AFTER_SECONDS = 1;

/** The parts of engine.io that this file uses. */
interface Engine {
  readonly clients: Record<string, Connection | undefined>;
  on(event: 'connection', listener: (connection: Connection) => void): void;
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
interface Connection {
  on(event: 'packet', listener: () => void): void;
  close(discard?: boolean): void;
}

/**
 * Charges sockets before engine.io does any work for them. A new connection is charged to the budget of its address
 * before the handshake, with long polling and WebSocket alike. Each packet is charged to the budget of its
 * connection. A connection that sends too many packets is closed.
 *
 * @param onFlood called with each connection that was closed for its packets
 */
export function chargeConnections(
  io: Server,
  {
    addresses,
    rateLimits,
    onFlood,
  }: { addresses: ClientAddresses; rateLimits: RateLimits; onFlood: () => void },
): void {
  if (!rateLimits.isOn) return;
  const engine = io.engine as unknown as Engine;
  const budgets = new WeakMap<Connection, TokenBucket>();

  const charge = (connection: Connection): void => {
    let budget = budgets.get(connection);
    if (!budget) budgets.set(connection, (budget = new TokenBucket(PACKETS)));
    if (budget.take()) return;
    onFlood();
    connection.close(true);
  };
  // All connections share one function, so that an idle connection takes no memory for it.
  function onPacket(this: Connection): void {
    charge(this);
  }
  engine.on('connection', (connection) => connection.on('packet', onPacket));

  const admits = (request: IncomingMessage): boolean => {
    const address = request.url ?? '';
    if (address.length > MAX_ADDRESS_LENGTH) return false;
    const id = SESSION_ID.exec(address)?.[1];
    const connection = id !== undefined && Object.hasOwn(engine.clients, id) ? engine.clients[id] : undefined;
    if (!connection) return rateLimits.tryTake(OPENING, addresses.budgetKeyOf(request));
    charge(connection);
    return true;
  };

  const handleRequest = engine.handleRequest.bind(engine);
  engine.handleRequest = (request, response) => {
    if (admits(request)) return handleRequest(request, response);
    response.writeHead(429, { 'Retry-After': RETRY_AFTER_SECONDS, Connection: 'close' }).end();
  };
  const handleUpgrade = engine.handleUpgrade.bind(engine);
  engine.handleUpgrade = (request, socket, head) => {
    if (admits(request)) return handleUpgrade(request, socket, head);
    refuseUpgrade(socket, '429 Too Many Requests', `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`);
  };
}
