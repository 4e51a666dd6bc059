import { XFChatClient, type Conversation } from '../client/src/index';
import { newId } from '../client/src/new-id';
import { storageOf } from './support/client-storage';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('the messages that a client shows', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let client: XFChatClient;
  let conversation: Conversation;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
  });
  beforeEach(async () => {
    const group = await ada.group(ben);
    client = new XFChatClient({ url: server.url, storage: await storageOf(ada) });
    await client.resume();
    conversation = await client.open(group);
  });
  afterEach(() => client.stop());
  afterAll(() => server.close());

  it('contain each own message once at every moment, in `outgoing` or in `messages`', async () => {
    const kept = new Set<string>();
    const faults: string[] = [];
    let moments = 0;
    const look = (): void => {
      moments++;
      const shown = [...conversation.messages, ...conversation.outgoing].map(({ id }) => id);
      if (new Set(shown).size < shown.length) faults.push('shown twice');
      if ([...kept].some((id) => !shown.includes(id))) faults.push('not shown');
    };
    for (const name of ['conversation', 'outgoing', 'event', 'status'] as const) client.on(name, look);
    const bens = (async () => {
      for (let count = 0; count < 25; count++) await ben.send(conversation.id, `ben ${count}`);
    })();
    for (let count = 0; count < 50; count++) {
      const id = newId();
      await conversation.send({ id, body: `ada ${count}` });
      kept.add(id);
    }
    await bens;
    await until('all to be settled', () => conversation.messages.length === 75 && moments > 150);
    await until('nothing to wait', () => conversation.outgoing.length === 0);
    expect(faults).toEqual([]);
    expect(conversation.messages.filter(({ id }) => kept.has(id)).map(({ body }) => body)).toEqual(
      Array.from({ length: 50 }, (_, count) => `ada ${count}`),
    );
  });

  it('are the same array until something in it changes', async () => {
    const read = () => ({
      messages: conversation.messages,
      outgoing: conversation.outgoing,
      participants: conversation.participants,
      position: conversation.position,
      conversations: client.conversations,
    });
    const changed = (before: ReturnType<typeof read>): string[] => {
      const now = read();
      return (Object.keys(now) as (keyof typeof now)[]).filter((name) => now[name] !== before[name]);
    };
    const atFirst = read();
    expect(changed(atFirst)).toEqual([]);
    await client.check();
    expect(changed(atFirst)).not.toContain('outgoing');
    expect(changed(atFirst)).not.toContain('participants');
    expect(changed(atFirst)).not.toContain('position');

    await client.stop();
    const { id } = await conversation.send('waits');
    const waiting = read();
    expect(waiting.outgoing).toMatchObject([{ id, status: 'pending' }]);
    expect(changed(waiting)).toEqual([]);
    expect(changed(atFirst)).toContain('outgoing');

    await client.resume();
    await until('it to be stored', () => conversation.messages.some((message) => message.id === id));
    expect(changed(waiting)).toEqual(expect.arrayContaining(['messages', 'outgoing', 'position']));
    expect(conversation.outgoing).toEqual([]);
    const withAll = read();
    await ada.call('PUT', `/conversations/${conversation.id}/participants/${ben.id}`, { role: 'admin' });
    await until('the role', () => conversation.participants.some(({ role }) => role === 'admin'));
    expect(changed(withAll)).toEqual(expect.arrayContaining(['participants', 'position']));
    expect(changed(withAll)).not.toContain('outgoing');
  });
});
