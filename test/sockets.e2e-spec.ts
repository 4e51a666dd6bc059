import { connect } from 'node:net';
import type { Server } from 'socket.io';
import WebSocket from 'ws';
import { Entitlements } from '../src/delivery/sockets/entitlements';
import { Rooms } from '../src/platform/sockets/rooms';
import { withClient } from './support/databases';
import { signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { openSocket, refusedSocket } from './support/test-socket';
import { until } from './support/until';

describe('sockets', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer({
      environment: { CORS_ORIGINS: 'https://chat.example.org, http://localhost:8080' },
    });
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  describe('the handshake', () => {
    it.each([['websocket'], ['polling']])('ends with ready over %s', async (transport) => {
      const socket = await ada.connect({ transports: [transport] });
      expect(socket.events[0]).toEqual({
        event: 'ready',
        payload: {
          userId: ada.id,
          sessionId: ada.sessionId,
          epoch: 1,
          serverTime: expect.stringMatching(/Z$/),
        },
      });
      socket.close();
    });

    it.each([['websocket'], ['polling']])(
      'is rejected with a problem over %s if it has no valid token',
      async (transport) => {
        const options = { transports: [transport as 'websocket'] };
        for (const token of [undefined, 'garbage']) {
          expect((await refusedSocket(server.url, token, options)).data).toMatchObject({
            type: '/problems/unauthenticated',
            status: 401,
            code: 'unauthenticated',
            requestId: expect.any(String),
          });
        }
      },
    );

    it('rejects a token in the address, and a token that is not a string', async () => {
      const inQuery = await refusedSocket(server.url, undefined, { query: { token: ada.accessToken } });
      expect(inQuery.data).toMatchObject({ code: 'unauthenticated' });
      for (const token of [{ toString: ada.accessToken }, [ada.accessToken], 7]) {
        const refused = await refusedSocket(server.url, undefined, { auth: { token } });
        expect(refused.data).toMatchObject({ code: 'unauthenticated' });
      }
    });

    // Tests G26.
    it('is accepted for pages of the own origin, of the listed ones, and for clients without an origin', async () => {
      const attempt = async (
        origin: string | undefined,
        transport: 'websocket' | 'polling',
      ): Promise<boolean> => {
        const socket = openSocket(server.url, ada.accessToken, {
          transports: [transport],
          ...(origin !== undefined && { extraHeaders: { origin } }),
        });
        try {
          return await new Promise((resolve) => {
            socket.socket.once('connect', () => resolve(true));
            socket.socket.once('connect_error', () => resolve(false));
          });
        } finally {
          socket.close();
        }
      };
      const allowed = [undefined, server.url, 'https://chat.example.org', 'http://localhost:8080'];
      const refused = [
        'null',
        '',
        'https://evil.example',
        'http://chat.example.org',
        'https://chat.example.org.evil.example',
        'https://evil-chat.example.org',
        'https://chat.example.org:444',
        'https://chat.example.org/',
        'http://localhost:8081',
        'http://localhost',
        server.url.replace('http:', 'https:'),
        server.url.replace(/:\d+$/, ':1'),
      ];
      for (const transport of ['websocket', 'polling'] as const) {
        for (const origin of allowed)
          expect({ origin, transport, ok: await attempt(origin, transport) }).toEqual({
            origin,
            transport,
            ok: true,
          });
        for (const origin of refused)
          expect({ origin, transport, ok: await attempt(origin, transport) }).toEqual({
            origin,
            transport,
            ok: false,
          });
      }
    });

    it.each([['websocket'], ['polling']])(
      'keeps neither the request nor the token in memory over %s',
      async (transport) => {
        const client = await ada.connect({ transports: [transport] });
        const { server: io } = server.application.get(Rooms) as unknown as { server: Server };
        const socket = io.sockets.sockets.get(client.socket.id!)!;
        expect(socket.request).toBeUndefined();
        expect(socket.handshake).toMatchObject({ headers: {}, auth: {}, query: {} });
        expect((await client.command('conversation:sync', { cursors: [] })).ok).toBe(true);
        client.close();
      },
    );

    /** Connects a socket of `person` whose rooms were read before `change`, and which joins them afterwards. */
    async function arrivingDuring(person: Person, change: () => Promise<unknown>) {
      const entitlements = server.application.get(Entitlements);
      const read = entitlements.of.bind(entitlements);
      let hasRead = false;
      let goOn!: () => void;
      const isChanged = new Promise<void>((resolve) => (goOn = resolve));
      const held = jest.spyOn(entitlements, 'of').mockImplementation(async (userId) => {
        const entry = await read(userId);
        hasRead = true;
        await isChanged;
        return entry;
      });
      const arriving = openSocket(server.url, person.accessToken);
      try {
        await until('the rooms to be read', () => hasRead);
        await change();
      } finally {
        goOn();
        held.mockRestore();
      }
      await arriving.next('ready');
      return arriving;
    }

    // Tests G21.
    it('ends without the room of a conversation that removes the user meanwhile', async () => {
      const [ben, cem] = (await signUpAll(server.url, 2)) as [Person, Person];
      const conversationId = await ada.group(ben, cem);
      const arriving = await arrivingDuring(ben, () =>
        ada.call('DELETE', `/conversations/${conversationId}/participants/${ben.id}`),
      );
      await ada.send(conversationId, 'not for him');
      const own = await ben.group();
      await ben.send(own, 'fence');
      await arriving.next('message:created', (message) => message.body === 'fence');
      expect(arriving.payloads('message:created')).toHaveLength(1);
      arriving.close();
    });

    // Tests G21.
    it('ends with the room of a conversation that adds the user meanwhile, and without it after another removal', async () => {
      const [ben, cem] = (await signUpAll(server.url, 2)) as [Person, Person];
      const [kept, left] = [await ada.group(cem), await ada.group(cem)];
      const participant = (id: string) => `/conversations/${id}/participants/${ben.id}`;
      const arriving = await arrivingDuring(ben, async () => {
        for (const id of [kept, left]) await ada.call('PUT', participant(id), {});
        await ada.call('DELETE', participant(left));
      });
      await ada.send(left, 'not for him');
      await ada.send(kept, 'for him');
      await arriving.next('message:created');
      expect(arriving.payloads('message:created')).toMatchObject([{ body: 'for him' }]);
      arriving.close();
    });

    it('leaves nothing behind if the client disconnects during it', async () => {
      const rooms = server.application.get(Rooms) as unknown as { arrivals: Set<unknown> };
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table database_state in access exclusive mode');
        const arriving = openSocket(server.url, ada.accessToken);
        await until('the socket to arrive', () => rooms.arrivals.size > 0);
        arriving.close();
        await until('the arrival to be forgotten', () => rooms.arrivals.size === 0);
        await client.query('commit');
      });
    });

    // Tests G21.
    it('is not completed if the session ends meanwhile', async () => {
      const telephone = await ada.signInAgain();
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table database_state in access exclusive mode');
        const arriving = openSocket(server.url, telephone.accessToken);
        const rooms = server.application.get(Rooms) as unknown as { arrivals: Set<unknown> };
        await until('the socket to arrive', () => rooms.arrivals.size > 0);
        expect((await ada.call('DELETE', `/auth/sessions/${telephone.sessionId}`)).status).toBe(204);
        await client.query('commit');
        await arriving.disconnected();
        expect(arriving.payloads('ready')).toEqual([]);
        expect(arriving.payloads('session:revoked')).toEqual([{ reason: 'ended-elsewhere' }]);
      });
    });
  });

  describe('commands', () => {
    it.each([
      ['an unknown one', 'no:such', [{}], 'malformed-request'],
      ['one with the name of an event', 'message:created', [{}], 'malformed-request'],
      ['two arguments', 'conversation:read', [{}, {}], 'malformed-request'],
      ['no argument', 'conversation:read', [], 'validation-failed'],
      ['null', 'conversation:read', [null], 'validation-failed'],
      ['a string', 'message:send', ['hello'], 'validation-failed'],
      ['a list', 'message:send', [['hello']], 'validation-failed'],
      ['bytes in a field', 'message:send', [{ body: Buffer.from('hello') }], 'malformed-request'],
      ['bytes', 'message:send', [Buffer.from('hello')], 'malformed-request'],
      ['an unknown field', 'session:refresh', [{ token: 'x', admin: true }], 'validation-failed'],
      [
        'a prototype',
        'message:send',
        [JSON.parse('{"__proto__": {"body": "x"}, "conversationId": "x"}')],
        'validation-failed',
      ],
      [
        'a deep nest',
        'message:send',
        [{ body: JSON.parse('['.repeat(500) + ']'.repeat(500)) }],
        'validation-failed',
      ],
    ])('are rejected with a problem if they are wrong: %s', async (_what, event, args, code) => {
      const socket = await ada.connect();
      const answer = await socket.socket.timeout(5_000).emitWithAck(event, ...args);
      expect(answer).toMatchObject({
        ok: false,
        problem: { code, status: 400, requestId: expect.any(String) },
      });
      expect((await socket.command('conversation:sync', { cursors: [] })).ok).toBe(true);
      socket.close();
    });

    it('are executed without an acknowledgement, too', async () => {
      const conversationId = await ada.group();
      const socket = await ada.connect();
      socket.socket.emit('message:send', { conversationId, body: 'no answer wanted' });
      socket.socket.emit('no:such', 1, 2, 3);
      expect(await socket.next('message:created')).toMatchObject({ body: 'no answer wanted' });
      expect(socket.socket.connected).toBe(true);
      socket.close();
    });

    it('are limited per user: a flooding client is rejected, and others are not affected', async () => {
      const limited = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
      const [flooder, other] = [await signUp(limited.url), await signUp(limited.url)];
      const [loud, quiet] = [await flooder.connect(), await other.connect()];
      // The command is rejected without the database, because only the limit is tested here, not the pool.
      const flood = Promise.all(
        Array.from({ length: 2_000 }, () => loud.command('session:refresh', { token: 'garbage' }, 30_000)),
      );
      expect(await quiet.command('conversation:sync', { cursors: [] })).toMatchObject({ ok: true });
      const refused = (await flood).filter((answer) => !answer.ok && answer.problem.code === 'rate-limited');
      expect(refused.length).toBeGreaterThan(500);
      expect(refused[0]).toMatchObject({
        problem: { code: 'rate-limited', status: 429, retryAfter: expect.any(Number) },
      });
      expect(loud.socket.connected).toBe(true);
      [loud, quiet].forEach((socket) => socket.close());
      await limited.close();
    });
  });

  describe('a token', () => {
    it('can be renewed only by a token of the same session', async () => {
      const telephone = await ada.signInAgain();
      const other = await signUp(server.url);
      const socket = await ada.connect();
      expect(await socket.ok('session:refresh', { token: ada.accessToken })).toEqual({
        expiresIn: expect.any(Number),
      });
      for (const token of [telephone.accessToken, other.accessToken, 'garbage']) {
        expect(await socket.command('session:refresh', { token })).toMatchObject({
          ok: false,
          problem: { code: 'unauthenticated' },
        });
      }
      socket.close();
    });

    it('closes its socket when it expires, unless it was refreshed', async () => {
      const brief = await startTestServer({
        environment: { ACCESS_TOKEN_LIFETIME_MS: '6000', SOCKET_GRACE_AFTER_OUTAGE_MS: '0' },
      });
      const person = await signUp(brief.url);
      const [lazy, diligent] = [await person.connect(), await person.connect()];
      const renewed = await until('a newer token', async () => {
        const { body } = await person.call('POST', '/auth/refresh', { refreshToken: person.refreshToken });
        const [fresh, old] = [body.accessToken, person.accessToken].map(
          (token: string) => JSON.parse(atob(token.split('.')[1]!)).exp,
        );
        return fresh - old >= 3 && body.accessToken;
      });
      await diligent.ok('session:refresh', { token: renewed });
      expect(await lazy.next('session:expired', undefined)).toEqual({ reason: 'token-expired' });
      await lazy.disconnected();
      expect(diligent.socket.connected).toBe(true);
      diligent.close();
      await brief.close();
    }, 40_000);
  });

  describe('a client that breaks the protocol', () => {
    const stillServes = async (): Promise<void> => {
      const socket = await ada.connect();
      expect((await socket.command('conversation:sync', { cursors: [] })).ok).toBe(true);
      socket.close();
    };
    const address = (): string => `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;

    /** Speaks the protocol by hand: connects, authenticates, and sends each packet. */
    async function say(packets: (string | Buffer)[]): Promise<void> {
      const raw = new WebSocket(address());
      raw.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => raw.once('close', () => resolve()));
      const heard: string[] = [];
      raw.on('message', (data) => heard.push(String(data)));
      await new Promise((resolve) => raw.once('open', resolve));
      raw.send(`40${JSON.stringify({ token: ada.accessToken })}`);
      await until('the connection', () => heard.some((packet) => packet.startsWith('42["ready"')));
      packets.forEach((packet) => raw.send(packet));
      raw.send('2'); // nobody sent a ping; the socket may close or continue
      raw.close();
      await closed;
    }

    it('cannot harm the server with packets', async () => {
      await say([
        '42',
        '42[',
        '42[]',
        '42{}',
        '42null',
        '42["message:send"',
        '421e9["x"]',
        '4',
        '9',
        'x',
        '',
      ]);
      await say(['451-["message:send",{"_placeholder":true,"num":0}]', Buffer.from('bytes')]);
      await say(['451-["message:send",{"_placeholder":true,"num":"toString"}]', Buffer.from('x')]);
      await say(['451000000-["message:send",{"_placeholder":true,"num":0}]']);
      await say(['40/admin,{}', '41', '42["message:send",{}]']);
      await say([`42["message:send",${'['.repeat(20_000)}${']'.repeat(20_000)}]`]);
      await say([`42["message:send",{"body":"${'x'.repeat(200_000)}"}]`]);
      await say([Buffer.alloc(64), Buffer.alloc(0)]);
      await stillServes();
    });

    it('cannot harm the server with frames and requests', async () => {
      const upgrade =
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
      const send = (text: string, ...frames: Buffer[]): Promise<void> =>
        new Promise((resolve) => {
          const socket = connect(server.port, '127.0.0.1', () => {
            socket.write(text);
            frames.forEach((frame) => socket.write(frame));
            socket.end();
          });
          socket.on('data', () => undefined);
          socket.on('error', () => undefined);
          socket.on('close', () => resolve());
        });
      await send(upgrade, Buffer.from([0xf1, 0x80, 0, 0, 0, 0])); // reserved bits
      await send(upgrade, Buffer.from([0x09, 0x80, 0, 0, 0, 0])); // a ping in fragments
      await send(upgrade, Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])); // absurdly long
      await send(upgrade, Buffer.from([0x81, 0x01, 0x41])); // not masked
      await send('GET /socket.io/?EIO=4&transport=websocket&sid=unknown HTTP/1.1\r\nHost: x\r\n\r\n');
      await send('GET /socket.io/?EIO=9&transport=none HTTP/1.1\r\nHost: x\r\n\r\n');
      await send('GET /%ZZ HTTP/1.1\r\nHost: x\r\n\r\n');
      await send('nonsense\r\n\r\n');
      await send(`GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(5_000)}\r\n`);
      await send(
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      );
      await stillServes();
    });

    it('polls with bodies of a limited size', async () => {
      const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
      const answer = await fetch(`${polling}&sid=${sid}`, {
        method: 'POST',
        body: `4${'x'.repeat(1_000_000)}`,
      }).catch(() => undefined);
      expect(answer?.status ?? 413).toBe(413);
      await stillServes();
    });
  });

  it('do not disturb each other when a handler throws an unexpected error', async () => {
    const sockets = await Promise.all([ada.connect(), ada.connect({ transports: ['polling'] })]);
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        sockets[index % 2]!.command('message:edit', {
          conversationId: index,
          messageId: [],
          body: { index },
        }),
      ),
    );
    for (const socket of sockets) {
      expect((await socket.command('conversation:sync', { cursors: [] })).ok).toBe(true);
      socket.close();
    }
  });
});
