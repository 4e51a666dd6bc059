import { MemoryStorage, XFChatClient, type XFChatError } from '../client/src/index';
import { storageOf } from './support/client-storage';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const BACKOFF = { initialMs: 50, maxMs: 500 };
const EXAMPLE = '019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c';
const NO_IDS = ['', 'x', '..', '../users/me', '%2e%2e', `${EXAMPLE}/read`, 7, null, undefined];

describe('the reference client with invalid input', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  const clients: XFChatClient[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });
  afterAll(() => server.close());

  async function device(storage?: MemoryStorage): Promise<XFChatClient> {
    const client = new XFChatClient({
      url: server.url,
      backoff: BACKOFF,
      storage: storage ?? (await storageOf(ada)),
    });
    clients.push(client);
    await client.resume();
    await client.untilComplete();
    return client;
  }

  it.each(NO_IDS)('rejects opening %p, and still receives new conversations', async (id) => {
    const storage = await storageOf(ada);
    const client = await device(storage);
    await expect(client.open(id as string)).rejects.toMatchObject({
      code: 'validation-failed',
      message: expect.stringMatching(/^The id of a conversation must be a UUID, not .*\.$/),
    });
    const group = await ben.group(ada);
    await until('the new conversation', () => client.conversation(group));
    await client.check();
    expect(client.status).toBe('complete');
    await client.stop();
    const kept = (await storage.keys('conversation:')).map((key) => key.slice('conversation:'.length));
    expect(kept.sort()).toEqual(client.conversations.map((conversation) => conversation.id).sort());
  });

  it('opens a conversation whose id is written in upper case', async () => {
    const client = await device();
    const group = await ben.group(ada);
    const opened = await client.open(group.toUpperCase());
    expect(opened.id).toBe(group);
    expect(client.conversation(group.toUpperCase())).toBe(opened);
  });

  it('deletes entries that earlier versions have stored under an invalid id', async () => {
    const storage = await storageOf(ada);
    await storage.set('conversation:../users/me', { position: { seq: 0, rev: 0 }, messages: [], people: [] });
    const client = await device(storage);
    const group = await ben.group(ada);
    await until('the new conversation', () => client.conversation(group));
    expect(client.conversations.map(({ type }) => type)).not.toContain(undefined);
    expect(await storage.keys('conversation:..')).toEqual([]);
  });

  it('never sends a message id to another route', async () => {
    const client = await device();
    const group = await ada.group(ben);
    const conversation = await client.open(group);
    const message = await ada.send(group, 'hello');
    await client.stop(); // so that it would use HTTP, where a path is resolved
    for (const id of ['..', '%2e%2e', '', `../messages/${message.id}`]) {
      await expect(conversation.delete({ ...message, id })).rejects.toMatchObject({
        code: 'validation-failed',
      });
      await expect(conversation.edit({ ...message, id }, 'text')).rejects.toMatchObject({
        code: 'validation-failed',
      });
    }
    expect((await ada.call('GET', `/conversations/${group}`)).status).toBe(200);
  });

  it.each([
    undefined,
    null,
    7,
    {},
    { body: 7 },
    { body: 'hello', id: 'x' },
    { body: 'hello', replyToId: '..' },
  ])('rejects sending %p at once with a clear message', async (message) => {
    const client = await device();
    const conversation = await client.open(await ada.group());
    const refusal = await conversation.send(message as never).catch((error: unknown) => error as XFChatError);
    expect(refusal).toMatchObject({
      code: 'validation-failed',
      message: expect.stringMatching(/ must be .*\.$/),
    });
    expect(conversation.outgoing).toEqual([]);
  });

  it.each([
    'localhost:3000',
    'chat.example.org',
    '//chat.example.org',
    '/chat',
    '',
    'ws://localhost',
    undefined,
  ])('rejects the address %p at once with a clear message', (url) => {
    const create = (): XFChatClient => new XFChatClient({ url: url as string });
    expect(create).toThrow(/^`url` must be the whole address of the server, such as https:.*\.$/);
  });

  it.each([
    'friends',
    '',
    'https://example.org/friends',
    '/conversations/../users/me',
    '/users/%2E%2e/me',
    '/.',
    undefined,
  ])('rejects a request for %p at once with a clear message', async (path) => {
    const client = await device();
    await expect(client.request('GET', path as string)).rejects.toMatchObject({
      code: 'validation-failed',
      message: expect.stringMatching(/^A path must .*\.$/),
    });
  });

  it('accepts a path with dots that are not segments', async () => {
    const client = await device();
    const path = '/users?query=..&limit=1';
    await expect(client.request('GET', path)).resolves.toMatchObject({ items: expect.any(Array) });
  });
});
