import { connect } from 'node:net';
import { WorkInFlight } from '../../src/platform/lifecycle/work-in-flight';
import { signUp, type Person } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

/** More than one, because Node itself closes the first waiting one. */
const WAITING = 20;

describe('pipelined requests that wait behind another one', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer();
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  it('end when the connection closes', async () => {
    const work = server.application.get(WorkInFlight);
    const conversationId = await ada.group();
    await until('the others to end', () => work.size === 0);

    const head = `HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.accessToken}\r\n`;
    const stream = `GET /api/v1/conversations/${conversationId}/messages ${head}Subscribe: true\r\n\r\n`;
    const profile = `GET /api/v1/users/me ${head}\r\n`;
    const client = connect(server.port, '127.0.0.1');
    client.write(stream + profile.repeat(WAITING));
    await new Promise((resolve) => client.once('data', resolve));
    expect(work.size).toBeGreaterThan(WAITING / 2);
    client.destroy();
    await until('all of them to end', () => work.size === 0);
  });
});
