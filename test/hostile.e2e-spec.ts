import { connect } from 'node:net';
import WebSocket from 'ws';
import { Rooms } from '../src/platform/sockets/rooms';
import { call } from './support/api';
import { withClient } from './support/databases';
import { aStatementWaits } from './support/locks';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('a server under hostile use', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('rejects the messages of 50 people to a group once it is deleted, without any other effect', async () => {
    const people = await signUpAll(server.url, 50);
    const owner = people[0]!;
    const id = await owner.group(...people.slice(1));
    const sockets = await Promise.all(people.map((person) => person.connect()));
    const sends = Promise.all(
      sockets.flatMap((socket) =>
        Array.from({ length: 10 }, (_, index) =>
          socket.command('message:send', { conversationId: id, body: `${index}` }),
        ),
      ),
    );
    expect((await owner.call('DELETE', `/conversations/${id}`)).status).toBe(204);
    for (const answer of await sends) {
      // A sender whose wait for the lock timed out got an answer that nothing was stored.
      if (!answer.ok) expect(answer.problem.code).toMatch(/^(conversation-not-found|database-busy)$/);
    }
    for (const socket of sockets) {
      expect(await socket.command('message:send', { conversationId: id, body: 'late' })).toMatchObject({
        ok: false,
        problem: { code: 'conversation-not-found' },
      });
      socket.close();
    }
    const rows = await server.dataSource.query<{ last: number; count: number }[]>(
      `select c.last_seq as last, (select count(*) from chat_messages m where m.conversation_id = c.id) as count
       from conversations c where c.id = $1`,
      [id],
    );
    expect(rows[0]!.count).toBe(rows[0]!.last);
  }, 60_000);

  it('answers an incomplete body with 408, and serves others meanwhile', async () => {
    const brisk = await startTestServer({ environment: { REQUEST_TIMEOUT_MS: '2000' } });
    const [ada] = (await signUpAll(brisk.url, 1)) as [Person];
    const answer = new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(brisk.port, '127.0.0.1', () =>
        socket.write(
          'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"login": ',
        ),
      );
      socket.on('data', (data) => (text += data.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', () => resolve(text));
    });
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/);
    await brisk.close();
  });

  it('closes connections that send nothing or too little, and serves others meanwhile', async () => {
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let heard = '';
        const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
        socket.on('data', (data) => (heard += data.toString()));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(heard));
      });
    const silent = Array.from({ length: 100 }, () => raw(''));
    const slow = raw('GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const unauthenticated = new Promise((resolve) => {
      const socket = new WebSocket(
        `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
      );
      socket.once('close', resolve);
    });
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
    await Promise.all(silent);
    await unauthenticated;
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
  }, 40_000);

  describe('a polling request', () => {
    /** Opens a polling connection by hand. @returns a function that posts a payload to it */
    async function poll(): Promise<(payload: string) => Promise<number>> {
      const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
      // A poll must be open for the outcome; otherwise the connection waits for one.
      void fetch(`${polling}&sid=${sid}`).then((answer) => answer.text());
      return async (payload) =>
        (await fetch(`${polling}&sid=${sid}`, { method: 'POST', body: payload })).status;
    }

    it.each([
      ['pongs', '3'],
      ['unknown packets', '9'],
      ['empty messages', '4'],
      ['events of nobody', '42[]'],
      ['events before the connection', '42["a"]'],
      ['namespaces that do not exist', '40/x,'],
    ])('with many tiny packets (%s) is parsed without delaying others', async (_name, packet) => {
      const [ada] = (await signUpAll(server.url, 1)) as [Person];
      const count = Math.floor(128_000 / (packet.length + 1));
      const post = await poll();
      const flooded = post(Array.from({ length: count }, () => packet).join('\x1e'));
      expect((await ada.call('GET', '/users/me')).status).toBe(200);
      expect([200, 400]).toContain(await flooded);
      const socket = await ada.connect();
      expect((await socket.command('conversation:sync', { cursors: [] })).ok).toBe(true);
      socket.close();
    });

    it('that authenticates many times is accepted once', async () => {
      const [ada] = (await signUpAll(server.url, 1)) as [Person];
      const rooms = server.application.get(Rooms) as unknown as { arrivals: Set<unknown> };
      const post = await poll();
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table database_state in access exclusive mode');
        const packet = `40${JSON.stringify({ token: ada.accessToken })}`;
        expect(await post(Array.from({ length: 100 }, () => packet).join('\x1e'))).toBe(200);
        await aStatementWaits(server);
        expect((await call(server.url, 'GET', '/health/live')).status).toBe(200);
        expect(rooms.arrivals.size).toBe(1);
        await client.query('commit');
      });
      await until('the arrival to settle', () => rooms.arrivals.size === 0);
      const socket = await ada.connect();
      socket.close();
    });
  });
});
