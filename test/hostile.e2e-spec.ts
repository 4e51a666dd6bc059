import { connect } from 'node:net';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('under hostile use', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('a group that is deleted while 50 people write to it refuses each of them from then on, and nothing else happens', async () => {
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
      if (!answer.ok) expect(answer.problem.code).toBe('conversation-not-found');
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

  it('a body that never comes whole is given up with 408, and others are served meanwhile', async () => {
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
});
