import { fetch as braidFetch } from 'braid-http';
import { STREAM_LIMITS, type StreamLimits } from '../../src/delivery/braid/update-stream';
import { createTestDatabase } from '../support/databases';
import { FaultProxy } from '../support/fault-proxy';
import { signUpAll, type Person } from '../support/people';
import { startTestServer } from '../support/test-server';
import { until } from '../support/until';
import { textOf } from './support/exchanges';
import { RawExchange } from './support/raw-exchange';

beforeAll(() => {
  for (const method of ['log', 'debug', 'warn'] as const)
    jest.spyOn(console, method).mockImplementation(() => undefined);
});

const follow = (person: Person, path: string, headers: Record<string, string> = {}): Promise<RawExchange> =>
  RawExchange.begin(`${person.url}/api/v1${path}`, {
    headers: { Authorization: `Bearer ${person.accessToken}`, Subscribe: 'true', ...headers },
  });

describe('sockets and streams', () => {
  it('receive the same changes', async () => {
    const server = await startTestServer();
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const conversationId = await ada.group(ben);
    const path = `/conversations/${conversationId}/messages`;
    const sent = await ada.send(conversationId, 'one');
    const [socket, stream] = [await ben.connect(), await follow(ben, path)];
    const message = await follow(ben, `${path}/${sent.id}`);
    const editor = await ada.connect();
    const reference = { conversationId, messageId: sent.id };
    await editor.ok('message:edit', { ...reference, body: 'by socket', version: 'v2' });
    const byPut = await ada.call(
      'PUT',
      `${path}/${sent.id}`,
      { body: 'by PUT' },
      {
        headers: { version: '"v3"', parents: '"v2"' },
      },
    );
    await editor.ok('message:delete', reference);
    await socket.next('message:deleted');
    const events = [...socket.payloads('message:updated'), ...socket.payloads('message:deleted')];
    const updates = await stream.atLeast(4);
    const told = updates.slice(1).map(({ patches }) => JSON.parse(patches![0]!.content));
    expect(told).toEqual(events);
    expect(told[1]).toEqual(byPut.body);
    const versions = await message.atLeast(4);
    expect(versions.map(({ body }) => textOf(body))).toEqual(['one', 'by socket', 'by PUT', null]);
    for (const opened of [stream, message]) opened.close();
    for (const opened of [socket, editor]) opened.close();
    await server.close();
  });
});

describe('a stream', () => {
  it('ends when the token expires, and is resumed with the next one', async () => {
    const server = await startTestServer({
      environment: { ACCESS_TOKEN_LIFETIME_MS: '3000', SOCKET_GRACE_AFTER_OUTAGE_MS: '0' },
    });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const path = `/conversations/${await ada.group()}/messages`;
    const stream = await follow(ada, path);
    await stream.closed();
    expect(stream.hasEnded).toBe(true);
    await server.close();
  });

  // Tests G7.
  it('survives an outage of the database; a new reader gets 503 meanwhile and reconnects', async () => {
    const database = await createTestDatabase();
    const proxy = await FaultProxy.inFrontOf(database.url);
    const server = await startTestServer({ database, connectTo: () => proxy.url });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversationId = await ada.group();
    const path = `/conversations/${conversationId}/messages`;
    const stream = await follow(ada, path);
    proxy.set('refuse');
    const statuses = new Set<number>();
    await until('the outage to be told', async () => {
      const refused = await follow(ada, path, { Parents: '"0.0"' });
      statuses.add(refused.status);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      refused.close();
      return statuses.has(503);
    });
    const told: (string[] | undefined)[] = [];
    const controller = new AbortController();
    const coming = braidFetch(`${server.url}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${ada.accessToken}` },
      subscribe: true,
      retry: true,
      signal: controller.signal,
    });
    proxy.set('pass');
    (await coming).subscribe(
      ({ version }) => void told.push(version),
      () => undefined,
    );
    await until('sending', async () => {
      const answer = await ada.call('POST', path, { body: 'after' });
      return answer.status === 201;
    });
    await stream.atLeast(2);
    await until('the client to be told', () => told.some((version) => version?.[0] === '1.0'));
    expect([...statuses]).toEqual([503]);
    controller.abort();
    stream.close();
    await server.close();
    await proxy.close();
    await database.drop();
  });

  it('ends with a complete response when the server is stopped, before the server would destroy it', async () => {
    const server = await startTestServer({ environment: { DRAIN_DELAY_MS: '500' } });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const path = `/conversations/${await ada.group()}/messages`;
    const streams = await Promise.all([follow(ada, path), follow(ada, '/users/me/timeline')]);
    const closing = server.close();
    for (const stream of streams) {
      await stream.closed();
      expect([stream.hasEnded, stream.fault]).toEqual([true, undefined]);
    }
    await closing;
  });

  it('is closed for a reader that does not read, which resumes it without a hole', async () => {
    const server = await startTestServer();
    const limits = server.application.get<StreamLimits>(STREAM_LIMITS);
    Object.assign(limits, { maxUnreadBytes: 32 * 1024, stalledMs: 500 });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversationId = await ada.group();
    const path = `/conversations/${conversationId}/messages`;
    const stream = await follow(ada, path);
    await stream.atLeast(1);
    stream.stopReading();
    const socket = await ada.connect();
    // In JSON each of these characters takes six bytes.
    const body = `a${'\u0001'.repeat(3_999)}`;
    const isCutOff = async (): Promise<boolean> =>
      /xfchat_slow_streams_closed_total 1/.test(await (await fetch(`${server.url}/metrics`)).text());
    let sent = 0;
    while (!(await isCutOff())) {
      const some = Array.from({ length: 50 }, () => socket.ok('message:send', { conversationId, body }));
      await Promise.all(some);
      sent += some.length;
      expect(sent).toBeLessThan(5_000);
    }
    stream.close();
    Object.assign(limits, { maxUnreadBytes: 256 * 1024, stalledMs: 60_000 });
    const resumed = await follow(ada, path, { Parents: stream.headers['current-version']! });
    await resumed.atLeast(sent);
    expect(resumed.updates.map(({ version }) => version)).toEqual(
      Array.from({ length: sent }, (_, index) => [`${index + 1}.0`]),
    );
    resumed.close();
    socket.close();
    await server.close();
  }, 120_000);
});
