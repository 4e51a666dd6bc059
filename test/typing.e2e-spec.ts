import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

/** Two servers on one database report who is typing. */
describe('the typing state', () => {
  let database: TestDatabase;
  let one: TestServer;
  let two: TestServer;
  let ada: Person;
  let ben: Person;
  let cyd: Person;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789' };
    [one, two] = (await Promise.all([1, 2].map(() => startTestServer({ database, environment })))) as [
      TestServer,
      TestServer,
    ];
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await database.drop();
  });
  beforeEach(async () => {
    [ada, ben, cyd] = (await signUpAll(one.url, 3)) as [Person, Person, Person];
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  async function connect(person: Person, { url }: TestServer = one): Promise<TestSocket> {
    const socket = await person.at(url).connect();
    sockets.push(socket);
    return socket;
  }
  const told = (socket: TestSocket): boolean[] => socket.payloads('typing').map(({ typing }) => typing);
  /** Sends a message, which arrives after all earlier events. */
  async function marker(person: Person, conversationId: string, ...listeners: TestSocket[]): Promise<void> {
    const { id } = await person.send(conversationId, 'marker');
    for (const listener of listeners) await listener.next('message:created', (message) => message.id === id);
  }

  it('is sent to everybody in the conversation and to the user’s other devices, on every server, but not to the socket itself', async () => {
    const group = await ada.group(ben, cyd);
    const [typing, other] = [await connect(ada), await connect(ada, two)];
    const listeners = [await connect(ben), await connect(cyd, two)];
    expect(await typing.ok('typing:start', { conversationId: group })).toEqual({});
    for (const listener of [other, ...listeners])
      expect(await listener.next('typing')).toEqual({ conversationId: group, userId: ada.id, typing: true });
    expect(await typing.ok('typing:stop', { conversationId: group })).toEqual({});
    for (const listener of [other, ...listeners]) await listener.next('typing', (event) => !event.typing);
    await marker(ben, group, typing);
    expect(told(typing)).toEqual([]);
  });

  it('ends by itself after six seconds', async () => {
    const group = await ada.group(ben);
    const [adas, bens] = [await connect(ada), await connect(ben, two)];
    await adas.ok('typing:start', { conversationId: group });
    await bens.next('typing');
    const begun = performance.now();
    await bens.next('typing', ({ typing }) => !typing);
    expect(performance.now() - begun).toBeGreaterThan(4_500);
    expect(performance.now() - begun).toBeLessThan(9_000);
  });

  it('ends when the message is sent, and when the socket disconnects', async () => {
    const group = await ada.group(ben);
    const [adas, bens] = [await connect(ada), await connect(ben, two)];
    await adas.ok('typing:start', { conversationId: group });
    await bens.next('typing');
    await adas.ok('message:send', { conversationId: group, body: 'what was typed' });
    await until('the end', () => told(bens).length === 2);
    await adas.ok('typing:start', { conversationId: group });
    await until('the next beginning', () => told(bens).length === 3);
    adas.close();
    await until('the next end', () => told(bens).length === 4);
    expect(told(bens)).toEqual([true, false, true, false]);
  });

  it('is sent once despite repetitions, with one database statement', async () => {
    const group = await ada.group(ben);
    const [adas, bens] = [await connect(ada), await connect(ben)];
    await adas.ok('typing:start', { conversationId: group });
    const query = jest.spyOn(one.dataSource, 'query');
    for (let count = 0; count < 20; count++) await adas.ok('typing:start', { conversationId: group });
    expect(query.mock.calls.filter(([text]) => /conversation_participants/.test(text))).toEqual([]);
    query.mockRestore();
    await adas.ok('typing:stop', { conversationId: group });
    await until('the end', () => told(bens).includes(false));
    expect(told(bens)).toEqual([true, false]);
  });

  // Tests G6.
  it('is rejected for outsiders and removed participants, who also receive none', async () => {
    const group = await ada.group(ben, cyd);
    const [outsider] = (await signUpAll(one.url, 1)) as [Person];
    const [adas, bens, cyds] = [await connect(ada), await connect(ben), await connect(cyd, two)];
    const outside = await connect(outsider);
    for (const event of ['typing:start', 'typing:stop']) {
      for (const conversationId of [group, randomUUID()]) {
        const { problem } = (await outside.command(event, { conversationId })) as {
          problem: { code: string };
        };
        expect(problem.code).toBe('conversation-not-found');
      }
    }
    await bens.ok('typing:start', { conversationId: group });
    await cyds.next('typing');
    expect((await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)).status).toBe(204);
    await cyds.next('typing', ({ typing }) => !typing);
    const { problem } = (await bens.command('typing:start', { conversationId: group })) as {
      problem: { code: string };
    };
    expect(problem.code).toBe('conversation-not-found');
    await adas.ok('typing:start', { conversationId: group });
    await cyds.next('typing', ({ userId }) => userId === ada.id);
    await bens.ok('presence:watch', { userIds: [] });
    expect(bens.payloads('typing').filter(({ userId }) => userId === ada.id)).toEqual([]);
    expect(outside.payloads('typing')).toEqual([]);
  });

  it('is sent to nobody during a block in a direct conversation', async () => {
    const [direct, group] = [await ada.direct(ben), await ada.group(ben)];
    const [adas, bens] = [await connect(ada), await connect(ben, two)];
    await adas.ok('typing:start', { conversationId: direct });
    await bens.next('typing');
    await ben.call('PUT', `/users/me/blocks/${ada.id}`);
    await marker(ada, group, adas, bens);
    // The end of the typing may be sent before the block is acknowledged.
    const before = told(bens);
    expect([[true], [true, false]]).toContainEqual(before);
    expect(await adas.ok('typing:start', { conversationId: direct })).toEqual({});
    expect(await bens.ok('typing:start', { conversationId: direct })).toEqual({});
    await marker(ada, group, adas, bens);
    expect(told(bens)).toEqual(before);
    expect(told(adas)).toEqual([]);
    await ben.call('DELETE', `/users/me/blocks/${ada.id}`);
    await adas.ok('typing:start', { conversationId: direct });
    await until('the next beginning', () => told(bens).length > before.length);
    expect(told(bens)).toEqual([...before, true]);
  });

  it('is not sent for an invisible user', async () => {
    const group = await ada.group(ben);
    const [adas, bens] = [await connect(ada), await connect(ben, two)];
    await ada.call('PATCH', '/users/me/presence', { invisible: true });
    await adas.ok('typing:start', { conversationId: group });
    await marker(ada, group, bens);
    expect(told(bens)).toEqual([]);
    await ada.call('PATCH', '/users/me/presence', { invisible: false });
    await adas.ok('typing:start', { conversationId: group });
    await bens.next('typing');
  });

  it('is sent to nobody in groups of more than a hundred people', async () => {
    const crowd = await signUpAll(one.url, 99);
    const group = await ada.group(ben, ...crowd);
    const [adas, bens] = [await connect(ada), await connect(ben)];
    expect(await adas.ok('typing:start', { conversationId: group })).toEqual({});
    await marker(ada, group, bens);
    expect(told(bens)).toEqual([]);
    await ada.call('DELETE', `/conversations/${group}/participants/${crowd[0]!.id}`);
    const smaller = await connect(ada, two);
    await smaller.ok('typing:start', { conversationId: group });
    await bens.next('typing');
  });

  it.each(['typing:start', 'typing:stop'])('limits %s by user and conversation', async (event) => {
    const limited = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
    try {
      const [dan, eva] = (await signUpAll(limited.url, 2)) as [Person, Person];
      const group = await dan.group(eva);
      const other = await dan.group(eva);
      const socket = await dan.connect();
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => socket.command(event, { conversationId: group })),
      );
      const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.problem.code]));
      expect(new Set(refused)).toEqual(new Set(['rate-limited']));
      expect(refused.length).toBeGreaterThan(20);
      await socket.ok(event, { conversationId: other });
      socket.close();
    } finally {
      await limited.close();
    }
  });
});
