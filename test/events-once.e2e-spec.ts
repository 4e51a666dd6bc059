import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';

/** An action that is sent five times at once changes something once, and each device receives one event. */
describe('events', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let direct: string;
  let group: string;
  let sockets: { adas: TestSocket[]; bens: TestSocket[] };

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    direct = await ada.direct(ben);
    group = await ada.group(ben);
    sockets = {
      adas: [await ada.connect(), await (await ada.signInAgain()).connect({ transports: ['polling'] })],
      bens: [await ben.connect(), await ben.connect()],
    };
  });
  afterAll(async () => {
    for (const socket of [...sockets.adas, ...sockets.bens]) socket.close();
    await server.close();
  });

  const settle = async (): Promise<void> => {
    const { id } = await ada.send(group, 'marker');
    for (const socket of [...sockets.adas, ...sockets.bens])
      await socket.next('message:created', (message) => message.id === id);
  };

  /** The events that each device receives of an action that is sent five times at once, without the marker. */
  async function heard(
    work: () => Promise<Answer>,
  ): Promise<{ statuses: number[]; adas: string[][]; bens: string[][] }> {
    await settle();
    for (const socket of [...sockets.adas, ...sockets.bens]) socket.events.length = 0;
    const answers = await Promise.all(Array.from({ length: 5 }, work));
    await settle();
    const of = (socket: TestSocket): string[] =>
      socket.events.filter(({ payload }) => payload.body !== 'marker').map(({ event }) => event);
    return {
      statuses: [...new Set(answers.map(({ status }) => status))],
      adas: sockets.adas.map(of),
      bens: sockets.bens.map(of),
    };
  }
  const each = (...events: string[]): string[][] => [events, events];
  const path = (rest = ''): string => `/conversations/${direct}${rest}`;
  const listed = async (person: Person): Promise<boolean> =>
    (await person.call('GET', '/conversations')).body.items.some(({ id }: { id: string }) => id === direct);

  it('are emitted once to both people when a read position moves, forwards and back', async () => {
    await ben.send(direct, 'one');
    await ben.send(direct, 'two');
    for (const body of [{ seq: 2 }, { seq: 1, unread: true }, { seq: 2 }])
      expect(await heard(() => ada.call('PUT', path('/read'), body))).toEqual({
        statuses: [200],
        adas: each('conversation:read'),
        bens: each('conversation:read'),
      });
    expect(await heard(() => ada.call('PUT', path('/read'), { seq: 1 }))).toMatchObject({
      adas: each(),
      bens: each(),
    });
  });

  it('are emitted once to all devices of a user whose profile changes', async () => {
    const body = { displayName: 'Ada Lovelace', status: 'here' };
    expect(await heard(() => ada.call('PATCH', '/users/me', body))).toEqual({
      statuses: [200],
      adas: each('user:updated'),
      bens: each(),
    });
    expect(sockets.adas[0]!.payloads('user:updated')).toEqual([(await ada.call('GET', '/users/me')).body]);
    expect(await heard(() => ada.call('PATCH', '/users/me', body))).toMatchObject({
      adas: each(),
      bens: each(),
    });
  });

  it('are emitted once to all devices of a user who hides a direct conversation and opens it again', async () => {
    expect(await heard(() => ada.call('DELETE', path()))).toEqual({
      statuses: [204],
      adas: each('conversation:removed'),
      bens: each(),
    });
    expect([await listed(ada), await listed(ben)]).toEqual([false, true]);
    const catchUp = async () => (await ada.call('GET', path('/changes?seq=2&rev=0'))).body.own;
    expect(await catchUp()).toEqual({ readSeq: 2, hidden: true });
    expect((await ada.call('GET', path())).body).toMatchObject({ hidden: true });
    expect((await ben.call('GET', path())).body).toMatchObject({ hidden: false });

    const open = () => ada.call('POST', '/conversations', { type: 'direct', participantIds: [ben.id] });
    expect(await heard(open)).toEqual({ statuses: [200], adas: each('conversation:created'), bens: each() });
    expect(await listed(ada)).toBe(true);
    expect(await catchUp()).toEqual({ readSeq: 2, hidden: false });
    expect(await heard(open)).toMatchObject({ adas: each(), bens: each() });

    await ada.call('DELETE', path());
    await ben.send(direct, 'are you there?');
    expect(await listed(ada)).toBe(true);
    expect(await heard(() => ada.call('DELETE', path()))).toMatchObject({
      adas: each('conversation:removed'),
    });
  });

  it('are emitted when a friendship begins in a hidden conversation', async () => {
    await ada.call('DELETE', path());
    await ben.call('DELETE', path());
    const { body } = await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    const events = ['friend-request:accepted', 'conversation:created'];
    expect(await heard(() => ben.call('POST', `/friend-requests/${body.id}/accept`))).toEqual({
      statuses: [200],
      adas: each(...events),
      bens: each(...events),
    });
    expect([await listed(ada), await listed(ben)]).toEqual([true, true]);
  });

  it('are emitted once to everybody concerned: friends, requests, messages, titles and roles', async () => {
    const id = randomUUID();
    const messages = `/conversations/${group}/messages`;
    const role = { role: 'admin' };
    const cases: [event: string, work: () => Promise<Answer>][] = [
      ['friend:removed', () => ada.call('DELETE', `/friends/${ben.id}`)],
      ['message:created', () => ada.call('POST', messages, { id, body: 'once' })],
      ['message:updated', () => ada.call('PUT', `${messages}/${id}`, { body: 'twice', version: 'v2' })],
      ['message:deleted', () => ada.call('DELETE', `${messages}/${id}`)],
      ['conversation:updated', () => ada.call('PATCH', `/conversations/${group}`, { title: 'other' })],
      ['participant:updated', () => ada.call('PUT', `/conversations/${group}/participants/${ben.id}`, role)],
    ];
    for (const [event, work] of cases)
      expect([event, await heard(work)]).toMatchObject([event, { adas: each(event), bens: each(event) }]);
    const request = (await ada.call('POST', '/friend-requests', { recipientId: ben.id })).body;
    expect(await heard(() => ben.call('POST', `/friend-requests/${request.id}/decline`))).toEqual({
      statuses: [204],
      adas: each('friend-request:declined'),
      bens: each('friend-request:declined'),
    });
  });
});
