import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { signUp } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

/** Each request asks for a page of 3 MB. The buffers of the system take up to two of them. */
const UNREAD = 25;

describe('unread answers', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('end the connection when they take too much memory', async () => {
    const ada = await signUp(server.url);
    const conversationId = await ada.group();
    const body = '🙂'.repeat(4_000);
    for (let sent = 0; sent < 200; sent += 20)
      await Promise.all(Array.from({ length: 20 }, () => ada.send(conversationId, body)));
    const request = `GET /api/v1/conversations/${conversationId}/messages?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.accessToken}\r\n\r\n`;

    const accepted: Socket[] = [];
    (server.application.getHttpServer() as Server).on('connection', (socket) => accepted.push(socket));
    const client = connect(server.port, '127.0.0.1').pause();
    client.on('error', () => undefined).write(request.repeat(UNREAD));
    await until(
      'the server to close the connection',
      () => accepted.some(({ destroyed }) => destroyed),
      15_000,
    );
    client.destroy();
  }, 60_000);
});
