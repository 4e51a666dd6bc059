import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Headers of requests that one worker hands over to another. The receiving worker removes them. */
export const KEY_HEADER = 'x-xfchat-worker-key';
export const CLIENT_HEADER = 'x-xfchat-client';

const handedOver = new WeakSet<IncomingMessage>();

/** Whether another worker has handed this request over, so that this one serves it. */
export const isHandedOver = (request: IncomingMessage): boolean => handedOver.has(request);

/**
 * Takes connections that other workers hand over, on a loopback port of this worker. It gives each to the server as if
 * the client had connected here, with the client's address. So budgets and trusted proxies are the same in every
 * worker. A caller without the key gets 404.
 */
export async function listenForPeers(main: Server, key: string): Promise<number> {
  const peers = createServer();
  peers.on('request', (request, response) => {
    if (admit(request, key)) main.emit('request', request, response);
    else response.writeHead(404, { Connection: 'close' }).end();
  });
  peers.on('upgrade', (request, socket, head) => {
    if (admit(request, key)) main.emit('upgrade', request, socket, head);
    else socket.destroy();
  });
  peers.keepAliveTimeout = main.keepAliveTimeout;
  await new Promise<void>((resolve, reject) => {
    peers.once('error', reject);
    // Exclusive: otherwise the primary would listen, and give the connection to any worker.
    peers.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve);
  });
  peers.unref();
  return (peers.address() as AddressInfo).port;
}

function admit(request: IncomingMessage, key: string): boolean {
  const { headers, socket } = request;
  const given = Buffer.from(String(headers[KEY_HEADER] ?? ''));
  const expected = Buffer.from(key);
  if (key === '' || given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  handedOver.add(request);
  const address = headers[CLIENT_HEADER];
  delete headers[KEY_HEADER];
  delete headers[CLIENT_HEADER];
  // Connections between workers carry one request after the other, each of its own client.
  if (address !== undefined)
    Object.defineProperty(socket, 'remoteAddress', { value: address, configurable: true });
  return true;
}
