import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { call } from '../support/api';
import { signUp } from '../support/people';
import { until } from '../support/until';
import { AbuseServer, from } from './support/abuse-server';
import { RawSocket } from './support/raw-socket';

const upgrade = (path: string, address: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: x',
    ...Object.entries(from(address)).map(([name, value]) => `${name}: ${value}`),
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ].join('\r\n');

describe('connections without an account or a request', () => {
  let server: AbuseServer;

  beforeAll(async () => {
    server = await AbuseServer.start();
  });
  afterAll(() => server.close());

  /** The numbers of open files and connections of the server. */
  const open = (): number => readdirSync(`/proc/${server.pid}/fd`).length;

  /** Opens clients that are rejected and do not close. Resolves when all of them are rejected. */
  async function hold(count: number, text: string): Promise<Socket[]> {
    const { port } = new URL(server.url);
    return Promise.all(
      Array.from({ length: count }, () => {
        const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
        socket.on('error', () => undefined);
        return new Promise<Socket>((resolve) => {
          socket.write(text);
          socket.once('readable', () => resolve(socket));
        });
      }),
    );
  }

  it.each([
    ['to a path that has no sockets', '/api/v1/users', 100],
    ['to a path that begins like that of the sockets', '/socket.io', 100],
    ['above the budget of openings', '/socket.io/?EIO=4&transport=websocket&sid=none', 1_500],
  ])('are closed after a rejected upgrade %s', async (_name, path, count) => {
    const before = open();
    const sockets = await hold(count, upgrade(path, '203.0.113.61'));
    await until('the server to close the connections', () => open() <= before + count / 20);
    for (const socket of sockets) socket.destroy();
  });

  it.each([
    ['above the budget of openings', '/socket.io/?EIO=4&transport=websocket&sid=none'],
    ['to a path that has no sockets', '/api/v1/users'],
  ])('do not stop the server when clients reset a rejected upgrade %s', async (_name, path) => {
    const { port } = new URL(server.url);
    const text = upgrade(path, '203.0.113.63');
    await Promise.all(
      Array.from({ length: 1_500 }, async () => {
        const socket = connect({ host: '127.0.0.1', port: Number(port) });
        socket.on('error', () => undefined);
        await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
        socket.write(`${text}bytes that nobody has asked for`, () => socket.resetAndDestroy());
        await new Promise<void>((resolve) => socket.once('close', () => resolve()));
      }),
    );
    const { status } = await call(server.url, 'GET', '/health/live', { headers: from('203.0.113.64') });
    expect(status).toBe(200);
    expect(server.log).not.toContain('nothing caught it');
  });

  it('are closed when the client disconnects its socket', async () => {
    const person = await signUp(server.url);
    const socket = new RawSocket(server.url, person.accessToken, '203.0.113.62');
    expect(await socket.connect()).toEqual({ outcome: 'ready' });
    socket.send('41');
    await until('the server to close the connection', () => !socket.isOpen);
  });
});
