import { MemoryStorage, XFChatClient } from '../client/src/index';
import { FaultProxy } from './support/fault-proxy';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('the reference client', () => {
  let server: TestServer;
  let link: FaultProxy;
  let ada: Person;
  let ben: Person;
  let group: string;
  const clients: XFChatClient[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    link = await FaultProxy.inFrontOf(server.url);
  });
  afterAll(async () => {
    await link.close();
    await server.close();
  });
  beforeEach(async () => {
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    group = await ada.group(ben);
  });
  afterEach(async () => {
    link.set('pass');
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });

  async function open(person: Person, url = server.url): Promise<XFChatClient> {
    const client = new XFChatClient({
      url,
      storage: new MemoryStorage(),
      backoff: { initialMs: 50, maxMs: 500 },
    });
    clients.push(client);
    await client.signIn({ login: person.username, password: PASSWORD });
    await client.open(group);
    return client;
  }
  const status = (client: XFChatClient, { id }: Person): string | undefined =>
    client.presence.get(id)?.status;

  it('knows the presence of watched users, and nothing while it has no connection', async () => {
    const adas = await open(ada, link.url);
    const heard: (string | undefined)[] = [];
    adas.on('presence', ({ userId, presence }) => userId === ben.id && heard.push(presence?.status));
    adas.presence.watch([ben.id.toUpperCase(), ada.id]);
    await until('the first answer', () => status(adas, ben) === 'offline');
    expect(status(adas, ada)).toBe('online');
    const bens = await open(ben);
    await until('ben', () => status(adas, ben) === 'online');
    link.set('refuse');
    await until('nothing', () => status(adas, ben) === undefined);
    bens.presence.set('away');
    link.set('pass');
    await until('that ben is away', () => status(adas, ben) === 'away');
    await bens.stop();
    await until('that ben is gone', () => status(adas, ben) === 'offline');
    expect(adas.presence.get(ben.id)!.lastSeenAt).not.toBeNull();
    expect(heard.slice(0, 3)).toEqual(['offline', 'online', undefined]);
    adas.presence.watch([]);
    expect(status(adas, ben)).toBeUndefined();
  });

  it('reports that it is away after every connect', async () => {
    const adas = await open(ada);
    const bens = await open(ben, link.url);
    adas.presence.watch([ben.id]);
    bens.presence.set('away');
    await until('away', () => status(adas, ben) === 'away');
    link.set('refuse');
    await until('ben to be gone', () => status(adas, ben) === 'offline');
    link.set('pass');
    await until('away again', () => status(adas, ben) === 'away');
  });

  it('reports every few seconds that its user is typing, and knows who else is typing', async () => {
    const [adas, bens] = [await open(ada), await open(ben)];
    const heard: (readonly string[])[] = [];
    bens.on('typing', ({ conversationId, userIds }) => conversationId === group && heard.push(userIds));
    for (let count = 0; count < 100; count++) adas.typing.say(group, true);
    await until('ada', () => bens.typing.in(group).length === 1);
    expect(adas.typing.in(group)).toEqual([]);
    adas.typing.say(group, false);
    adas.typing.say(group, false);
    await until('the end', () => bens.typing.in(group).length === 0);
    adas.typing.say(group, true);
    await until('ada again', () => bens.typing.in(group).length === 1);
    await adas.conversation(group)!.send('what was typed');
    await until('the next end', () => bens.typing.in(group).length === 0);
    expect(heard).toEqual([[ada.id], [], [ada.id], []]);
    expect(() => adas.typing.say('nowhere', true)).toThrow('must be a UUID');
    expect(() => adas.presence.watch(['nobody'])).toThrow('must be a UUID');
  });

  it('reads and changes the presence settings', async () => {
    const adas = await open(ada);
    expect(await adas.profile.presence()).toEqual({ invisible: false, lastSeen: 'contacts' });
    const changed = await adas.profile.updatePresence({ lastSeen: 'nobody' });
    expect(changed).toEqual({ invisible: false, lastSeen: 'nobody' });
  });
});
