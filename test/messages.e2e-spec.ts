import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('messages', () => {
  let server: TestServer;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [alice, bob] = [await signUp(server.url), await signUp(server.url)];
  });
  afterAll(() => server.close());

  it('arrive live as they were stored, and are there to be read', async () => {
    const conversationId = await alice.direct(bob);
    const socket = await bob.connect();
    const stored = await alice.send(conversationId, 'hello');
    expect(await socket.next('message:created')).toEqual(stored);
    const page = await bob.call('GET', `/conversations/${conversationId}/messages`);
    expect(page.body.items).toEqual([stored]);
    socket.close();
  });
});
