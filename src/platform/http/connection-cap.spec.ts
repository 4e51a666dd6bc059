import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { until } from '../../../test/support/until';
import { Configuration } from '../configuration/configuration';
import { ClientAddresses } from './client-address';
import { capConnections } from './connection-cap';

const MAXIMUM = 3;
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('connections of one address', () => {
  let server: Server;
  let accepted: number;
  let responses: ServerResponse[];
  const clients: Socket[] = [];

  async function listen(trustProxy?: string): Promise<void> {
    accepted = 0;
    responses = [];
    server = createServer((_request, response) => responses.push(response));
    server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    server.on('connection', () => accepted++);
    const configuration = Object.assign(new Configuration(), { TRUST_PROXY: trustProxy });
    capConnections(server, new ClientAddresses(configuration), MAXIMUM);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
  });

  /** Connects, sends a text, and returns when the server has accepted the connection. */
  async function open(text = ''): Promise<Socket> {
    const before = accepted;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(client);
    client.on('error', () => undefined);
    client.resume().write(text);
    await until('the connection', () => accepted > before);
    return client;
  }
  /** Connects, and waits until the server has a request to answer. */
  async function ask(): Promise<Socket> {
    const before = responses.length;
    const client = await open(REQUEST);
    await until('the request or the end', () => responses.length > before || client.destroyed);
    return client;
  }
  const closed = (client: Socket): Promise<boolean> => until('the end', () => client.destroyed);
  const openOnes = (): number => clients.filter(({ destroyed }) => !destroyed).length;

  it('are closed for newer ones, the longest idle one first', async () => {
    await listen();
    const silent = await open();
    const slow = await open('GET / HTTP/1.1\r\nHost:');
    const busy = await ask();
    await open();
    await closed(silent);
    await open();
    await closed(slow);
    expect(busy.destroyed).toBe(false);
    expect(openOnes()).toBe(MAXIMUM);
  });

  it('are rejected while all others have an open request, and accepted again afterwards', async () => {
    await listen();
    const busy = [await ask(), await ask(), await ask()];
    await closed(await open());
    expect(busy.every(({ destroyed }) => !destroyed)).toBe(true);
    responses[0]!.end();
    await until('the answer', () => responses[0]!.closed);
    const next = await ask();
    expect(next.destroyed).toBe(false);
    await closed(busy[0]!);
  });

  it('are not counted once they have become sockets or have closed', async () => {
    await listen();
    const sockets = [];
    for (let n = 0; n < 2 * MAXIMUM; n++) {
      const socket = await open(UPGRADE);
      await until('the upgrade', () => socket.bytesRead > 0);
      sockets.push(socket);
      const short = await open();
      short.destroy();
      await closed(short);
    }
    const others = [await ask(), await ask(), await ask()];
    expect([...sockets, ...others].every(({ destroyed }) => !destroyed)).toBe(true);
  });

  it('are not counted when they come from a trusted proxy', async () => {
    await listen('loopback');
    for (let n = 0; n < 2 * MAXIMUM; n++) await open();
    await ask();
    expect(openOnes()).toBe(2 * MAXIMUM + 1);
  });
});
