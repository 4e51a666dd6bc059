import http from 'node:http';
import { randomUUID } from 'node:crypto';
import { subscribe as subscribeOlder } from '@braid-protocol/client';
import { fetch as braidFetch, http_client, type BraidUpdate } from 'braid-http';
import { signUpAll, type Person } from '../support/people';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { freePort } from '../support/free-port';
import { ServerProcess } from '../support/server-process';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';
import { followWithBraidHttp, followWithOlderClient } from './support/clients';
import { CuttingProxy } from './support/cutting-proxy';
import { resourceOf, type Resource } from './target';

// The clients log every attempt to the console.
beforeAll(() => {
  for (const method of ['log', 'debug', 'warn'] as const)
    jest.spyOn(console, method).mockImplementation(() => undefined);
});

describe('existing Braid clients', () => {
  let server: TestServer;
  let ada: Person;
  let message: Resource;
  let id: string;
  let path: string;

  beforeAll(async () => {
    server = await startTestServer();
    [ada] = (await signUpAll(server.url, 1)) as [Person];
  });
  beforeEach(async () => {
    const conversationId = await ada.group();
    id = (await ada.send(conversationId, 'one 🙂')).id;
    path = `/conversations/${conversationId}/messages/${id}`;
    message = resourceOf(`${server.url}/api/v1${path}`, ada);
  });
  afterAll(() => server.close());

  const headers = (): Record<string, string> => ({ ...message.headers });
  const typed = (): Record<string, string> => ({ ...headers(), 'content-type': 'application/json' });
  const put = (version: string, parents: string[], body: string) =>
    braidFetch(message.url, {
      method: 'PUT',
      headers: typed(),
      version: [version],
      parents,
      body: JSON.stringify({ body }),
      retry: true,
    });

  it('read, edit and patch, and receive conflicts: braid-http', async () => {
    const read = await braidFetch(message.url, { headers: headers() });
    expect(read.headers.get('version')).toBe(`"${id}"`);
    expect((await put('v2', [id], 'two')).status).toBe(200);
    const conflict = await put('v3', [id], 'three');
    expect(conflict.status).toBe(409);
    expect(conflict.headers.get('current-version')).toBe('"v2"');
    const patch = (range: string, text: string) => ({ unit: 'json', range, content: JSON.stringify(text) });
    const patched = await braidFetch(message.url, {
      method: 'PUT',
      headers: headers(),
      version: ['v3'],
      parents: ['v2'],
      patches: [patch('.body[0:3]', 'Zwei 🙂')],
    });
    expect(await patched.json()).toMatchObject({ body: 'Zwei 🙂', version: 'v3' });
    const several = await braidFetch(message.url, {
      method: 'PUT',
      headers: headers(),
      version: ['v4'],
      parents: ['v3'],
      patches: [patch('.body', 'ab'), patch('.body[-0:-0]', 'c')],
    });
    expect(await several.json()).toMatchObject({ body: 'abc', version: 'v4', parents: ['v3'] });
    const old = await braidFetch(message.url, { headers: headers(), version: ['v3'] });
    expect(await old.json()).toMatchObject({ body: 'Zwei 🙂' });
    const created = await braidFetch(message.url.replace(id, (id = randomUUID())), {
      method: 'PUT',
      headers: typed(),
      version: [id],
      parents: [],
      body: JSON.stringify({ body: 'new' }),
    });
    expect(await created.json()).toMatchObject({ id, seq: 2, version: id });
  });

  it('get each version of a message: both interfaces of braid-http, and the older client', async () => {
    const seen: Record<'fetch' | 'http' | 'older', [string, string][]> = { fetch: [], http: [], older: [] };
    const keep = (name: keyof typeof seen, version: string, body: string): void =>
      void seen[name].push([version, (JSON.parse(body) as { body: string }).body]);
    const controller = new AbortController();
    const response = await braidFetch(message.url, {
      headers: headers(),
      subscribe: true,
      heartbeats: 1,
      signal: controller.signal,
    });
    response.subscribe(
      (update) => keep('fetch', update.version![0]!, update.body_text!),
      () => undefined,
    );
    const request = http_client(http).get(
      message.url,
      { headers: headers(), subscribe: true },
      (answer) =>
        void answer.on('update', (update: BraidUpdate) =>
          keep('http', update.version![0]!, update.body_text!),
        ),
    );
    request.on('error', () => undefined);
    const older = await subscribeOlder<{ body: string }>(message.url, { reqHeaders: headers() });
    seen.older.push([
      JSON.parse(older.initialVersion!) as string,
      (older.initialValue as { body: string }).body,
    ]);
    const following = (async () => {
      for await (const { value, version } of older.updates)
        seen.older.push([JSON.parse(version!) as string, (value as { body: string }).body]);
    })();
    await until('the first state', () => seen.fetch.length > 0 && seen.http.length > 0);
    await put('v2', [id], 'zwei 🙂');
    await put('v3', ['v2'], 'three');
    const expected = [
      [id, 'one 🙂'],
      ['v2', 'zwei 🙂'],
      ['v3', 'three'],
    ];
    await until('all versions', () => Object.values(seen).every(({ length }) => length >= 3));
    expect(seen).toEqual({ fetch: expected, http: expected, older: expected });
    await ada.call('POST', '/auth/logout');
    await following;
    controller.abort();
    request.destroy();
  });
});

describe('a server that is killed in the middle of a patch', () => {
  let database: TestDatabase;
  let proxy: CuttingProxy;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    const port = await freePort();
    const environment = {
      DATABASE_URL: database.url,
      PORT: String(port),
      AUTH_SECRET: randomUUID() + randomUUID(),
      CONTACT_POLICY: 'open',
      CANARY_INTERVAL_MS: '0',
    };
    start = () => ServerProcess.start({ environment });
    server = await start();
    proxy = await CuttingProxy.inFrontOf(port);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
    await database.drop();
  });
  let start: () => Promise<ServerProcess>;

  it('loses nothing and sends nothing twice to clients that reconnect', async () => {
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversationId = await ada.group();
    const path = `/conversations/${conversationId}/messages`;
    const timeline = resourceOf(`${proxy.url}/api/v1${path}`, ada);
    const followers = [await followWithBraidHttp(timeline, '0.0'), followWithOlderClient(timeline, '0.0')];

    const ids = Array.from({ length: 60 }, () => randomUUID());
    const send = async (messageId: string): Promise<void> => {
      const isSent = (): Promise<boolean> =>
        ada.call('PUT', `${path}/${messageId}`, { body: 'x'.repeat(500), parents: [] }).then(
          ({ status }) => status === 200 || status === 201,
          () => false,
        );
      await until('the message to be stored', isSent, 60_000);
    };
    for (const messageId of ids.slice(0, 20)) await send(messageId);
    for (const follower of followers)
      await until('the first messages', () => follower.told.length >= 20, 60_000);
    proxy.cutInNextPatch();
    await send(ids[20]!);
    await until('the cut', () => proxy.cuts === 1);
    server.signal('SIGKILL');
    await server.ended();
    const rest = (async () => {
      for (const messageId of ids.slice(21)) await send(messageId);
    })();
    server = await start();
    await rest;
    for (const follower of followers) {
      await until('the last message', () => follower.told.some(({ message }) => message.seq === 60), 60_000);
      follower.stop();
      expect(follower.told.map(({ message }) => message.id)).toEqual(ids);
      expect(follower.told.map(({ version }) => version)).toEqual(ids.map((_, index) => `${index + 1}.0`));
    }
  }, 180_000);
});
