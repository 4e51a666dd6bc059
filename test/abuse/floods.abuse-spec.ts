import { connect, type Socket } from 'node:net';
import { MAX_CONNECTIONS_PER_ADDRESS } from '../../src/platform/http/connection-cap';
import { call } from '../support/api';
import { signUp } from '../support/people';
import { connectSocket } from '../support/test-socket';
import { until } from '../support/until';
import { AbuseServer, from } from './support/abuse-server';
import { flood } from './support/flood';
import { RawSocket } from './support/raw-socket';
import { Witnesses } from './support/witnesses';

const OPENING = '/socket.io/?EIO=4&transport=polling';

describe('floods of requests without an account', () => {
  let server: AbuseServer;
  let witnesses: Witnesses;

  beforeAll(async () => {
    server = await AbuseServer.start();
  });
  beforeEach(async () => {
    witnesses = await Witnesses.enter(server.url);
    await witnesses.during('before', undefined);
  });
  afterEach(() => witnesses.close());
  afterAll(() => server.close());

  const observe = async <T>(title: string, attack: () => Promise<T>): Promise<T> => {
    const result = await witnesses.during('under', attack());
    await witnesses.during('after', undefined);
    witnesses.report(title);
    expect(witnesses.refusedByBudgets).toEqual([]);
    return result;
  };

  it.each([
    ['/docs', '203.0.113.31'],
    ['/', '203.0.113.32'],
  ])(
    'are rejected, and persistent clients are suspended: %s',
    async (path, address) => {
      // Without a suspension, the budget would allow requests again after a second.
      const answers = await observe(`${path} from one address`, () =>
        flood(server.url, path, address, ({ retryAfter }) => retryAfter > 5),
      );
      expect(answers[0]!.status).not.toBe(429);
      expect(answers.some(({ retryAfter }) => retryAfter > 5)).toBe(true);
      const suspended = await call(server.url, 'GET', '/docs', { headers: from(address) });
      expect(suspended.status).toBe(429);
      const neighbour = await call(server.url, 'GET', '/docs', { headers: from('203.0.113.40') });
      expect(neighbour.status).toBe(200);
    },
    180_000,
  );

  it('are answered from memory and never rejected if they are probes', async () => {
    const answers = await observe('/health/ready from one address', () =>
      flood(server.url, '/health/ready', '203.0.113.35', () => false, 10_000),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }, 180_000);

  it('are rejected over both transports if they open engine.io sessions; open sockets and neighbours stay', async () => {
    const address = '203.0.113.36';
    const person = await signUp(server.url);
    const own = await connectSocket(server.url, person.accessToken, { extraHeaders: from(address) });
    const [answers, upgrades] = await observe('engine.io openings from one address', async () => [
      await flood(server.url, OPENING, address, ({ status }) => status === 429),
      await Promise.all(
        Array.from({ length: 400 }, () => new RawSocket(server.url, 'nonsense', address).connect()),
      ),
    ]);
    expect(answers[0]!.status).toBe(200);
    expect(answers.find(({ status }) => status === 429)!.retryAfter).toBeGreaterThan(0);
    expect(upgrades).toContainEqual({ outcome: 'lost' });
    expect((await own.command('conversation:sync', { cursors: [] })).ok).toBe(true);
    const neighbour = await connectSocket(server.url, person.accessToken, {
      extraHeaders: from('203.0.113.41'),
    });
    neighbour.close();
    own.close();
  }, 180_000);
});

describe('silent or slow connections from one address', () => {
  it.each([
    ['silent', ''],
    ['headers that never end', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'a body that never ends',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{',
    ],
    ['nothing after a request', 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])(
    'are limited in number: %s',
    async (title, text) => {
      // There is no proxy: the attacker and the witnesses connect from different addresses.
      const server = await AbuseServer.start({ TRUST_PROXY: 'false' });
      const witnesses = await Witnesses.enter(server.url);
      const sockets: Socket[] = [];
      const hold = async (): Promise<void> => {
        const { port } = new URL(server.url);
        const connections = Array.from({ length: 1.5 * MAX_CONNECTIONS_PER_ADDRESS }, () => {
          const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.2' });
          sockets.push(socket.on('error', () => undefined).resume());
          return new Promise<void>((resolve) => {
            socket.once('close', () => resolve());
            socket.once('connect', () => socket.write(text, () => resolve()));
          });
        });
        await Promise.all(connections);
        const held = (): number => sockets.filter(({ destroyed }) => !destroyed).length;
        await until('the server to close the rest', () => held() <= MAX_CONNECTIONS_PER_ADDRESS);
      };
      await witnesses.during('before', undefined);
      await witnesses.during('under', hold());
      for (const socket of sockets) socket.destroy();
      await witnesses.during('after', undefined);
      witnesses.report(`${sockets.length} connections: ${title}`);
      expect(witnesses.refusedByBudgets).toEqual([]);
      witnesses.close();
      await server.close();
    },
    180_000,
  );
});
