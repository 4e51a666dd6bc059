import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import { CLIENT_HEADER, isHandedOver, KEY_HEADER } from '../workers/peer-listener';
import type { ThisWorker } from '../workers/this-worker';
import { refuseUpgrade } from './refuse-upgrade';

/** Engine.io keeps a session in one process. The id of the session names it: `w2-…` for worker 2. */
const SESSION = /[?&]sid=w(\d{1,3})-/;
/** The answer of engine.io for a session that it does not have: the client reconnects. */
const UNKNOWN_SESSION = JSON.stringify({ code: 1, message: 'Session ID unknown' });
/** Headers of one connection (hop by hop), which are not passed on. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];
/** Shorter than the peer keeps an idle connection, so that no request uses a connection that was just closed. */
const IDLE_MS = 15_000;

interface Engine {
  generateId(request: IncomingMessage): string;
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/**
 * Passes each request of a session to the worker that has it. The primary distributes connections, and one
 * connection of a proxy carries requests of many sessions. So the worker that receives a request hands it over,
 * through the loopback. WebSockets without a session, and requests of other protocols, stay with the worker that
 * receives them (docs/adr/0036-workers.md).
 *
 * Call it after everything else that wraps the engine: the worker with the session charges the requests that it
 * gets.
 */
export function routeSessions(io: Server, worker: ThisWorker): void {
  const engine = io.engine as unknown as Engine;
  const generateId = engine.generateId.bind(engine);
  engine.generateId = (request) => `w${worker.number}-${generateId(request)}`;

  const agent = new Agent({ keepAlive: true, timeout: 0 });
  agent.on('free', (socket: Socket) => socket.setTimeout(IDLE_MS));

  /**
   * The port of the worker that has the session of this request; undefined when that is this worker, or when it has
   * ended.
   */
  const peerPortOf = ({ url = '' }: IncomingMessage): number | undefined => {
    const number = SESSION.exec(url)?.[1];
    if (number === undefined || Number(number) === worker.number) return undefined;
    return worker.states.peerPorts[Number(number)];
  };
  /**
   * A session of long polling begins at a random worker. It does not begin at the worker of its connection, because
   * its upgrade comes over the next connection. With two workers, one would get all sessions, and the other all
   * upgrades.
   */
  const anyPort = (request: IncomingMessage): number | undefined => {
    if (request.url?.includes('sid=') || isHandedOver(request)) return undefined;
    const { peerPorts, notAnswering } = worker.states;
    const able = Object.keys(peerPorts).filter((number) => !notAnswering.includes(Number(number)));
    const number = Number(able[Math.floor(Math.random() * able.length)]);
    return number === worker.number ? undefined : peerPorts[number];
  };

  const handleRequest = engine.handleRequest.bind(engine);
  engine.handleRequest = (request, response) => {
    const port = peerPortOf(request) ?? anyPort(request);
    if (port === undefined) return handleRequest(request, response);
    handOver(request, response, { port, agent, key: worker.key });
  };
  const handleUpgrade = engine.handleUpgrade.bind(engine);
  engine.handleUpgrade = (request, socket, head) => {
    const port = peerPortOf(request);
    if (port === undefined) return handleUpgrade(request, socket, head);
    handOverUpgrade(request, socket as Socket, head, { port, key: worker.key });
  };
}

function handOver(
  request: IncomingMessage,
  response: ServerResponse,
  { port, agent, key }: { port: number; agent: Agent; key: string },
): void {
  const client = request.socket.remoteAddress ?? ''; // empty when the client has disconnected
  const headers = { ...request.headers, [KEY_HEADER]: key, [CLIENT_HEADER]: client };
  for (const name of OF_THE_CONNECTION) delete headers[name as keyof typeof headers];
  const { method, url: path } = request;
  const passed = httpRequest({ host: '127.0.0.1', port, agent, method, path, headers });
  passed.setNoDelay(true);
  passed.on('response', (answer) => {
    const answered = { ...answer.headers };
    for (const name of OF_THE_CONNECTION) delete answered[name];
    response.writeHead(answer.statusCode!, answered);
    pipeline(answer, response, () => undefined);
  });
  passed.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(400, { 'Content-Type': 'application/json' }).end(UNKNOWN_SESSION);
  });
  response.once('close', () => response.writableFinished || passed.destroy());
  pipeline(request, passed, () => undefined);
}

function handOverUpgrade(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  { port, key }: { port: number; key: string },
): void {
  const peer = connect({ port, host: '127.0.0.1', noDelay: true });
  client.on('error', () => peer.destroy());
  client.setTimeout(0);
  client.setNoDelay(true);
  const refuse = (): void => refuseUpgrade(client, '400 Bad Request');
  peer.once('error', refuse);
  peer.once('connect', () => {
    peer.off('error', refuse);
    peer.write(headOf(request, { [KEY_HEADER]: key, [CLIENT_HEADER]: client.remoteAddress ?? '' }));
    if (head.length > 0) peer.write(head);
    pipeline(client, peer, client, () => undefined);
  });
}

/** The request line and headers as received, with our headers instead of any with the same names. */
function headOf(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  own: Record<string, string>,
): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!(rawHeaders[index]!.toLowerCase() in own))
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  for (const [name, value] of Object.entries(own)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
