import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadlinePool } from '../src/platform/database/deadline-pool';
import { LineBuffer } from '../src/platform/logging/line-buffer';
import { MessagesService } from '../src/features/messages/messages.service';
import { currentContext } from '../src/platform/request-context';
import { Tracing } from '../src/platform/tracing/tracing';
import { call } from './support/api';
import { aStatementWaits, whileLocked } from './support/locks';
import { Collector, type CollectedSpan } from './support/collector';
import { PASSWORD, signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { refusedSocket } from './support/test-socket';
import { until } from './support/until';

const HEADER_SECRET = 'secret-of-the-collector';
const FILE_SECRET = 'secret-out-of-a-file';
/** The SDK reads these variables from the environment of the process. */
const OF_THE_SDK = {
  OTEL_BSP_SCHEDULE_DELAY: '20',
  // Longer than any test, so that a test cannot end because of this timer.
  OTEL_BSP_EXPORT_TIMEOUT: '300000',
  OTEL_EXPORTER_OTLP_TIMEOUT: '300000',
  OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${HEADER_SECRET}`,
};

/** The trace of a caller. */
function newTrace(flags = '01'): { traceId: string; parentId: string; traceparent: string } {
  const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, parentId, traceparent: `00-${traceId}-${parentId}-${flags}` };
}

describe('tracing', () => {
  const lines: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-headers-'));
  let collector: Collector;
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let conversationId: string;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.close());

  /** The parsed lines of the log with this message. */
  const logged = (message: string): Record<string, unknown>[] =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
  /** The spans of a message, from its own span to the database and the room. */
  async function expectStored(sent: CollectedSpan): Promise<void> {
    const fits = ({ name, parentSpanId }: CollectedSpan): boolean =>
      name === 'store messages' && parentSpanId === sent.spanId;
    const batch = await collector.span('of the batch', fits);
    expect(batch).toMatchObject({ traceId: sent.traceId, kind: 1 });
    expect(batch.links).toMatchObject([{ traceId: sent.traceId, spanId: sent.spanId }]);
    expect(sent.links).toMatchObject([{ traceId: batch.traceId, spanId: batch.spanId }]);
    const [statement] = collector.childrenOf(batch).filter(({ kind }) => kind === 3);
    const [broadcast] = collector.childrenOf(batch).filter(({ name }) => name === 'broadcast');
    expect(statement).toMatchObject({
      name: 'SELECT append_messages',
      kind: 3,
      attributes: { 'db.system.name': 'postgresql', 'xfchat.operation': 'message writer' },
    });
    expect(broadcast).toMatchObject({ traceId: sent.traceId });
  }

  beforeAll(async () => {
    Object.assign(process.env, OF_THE_SDK);
    jest.spyOn(LineBuffer.prototype, 'write').mockImplementation((line) => void lines.push(line));
    collector = await Collector.start();
    const headersFile = join(folder, 'headers');
    writeFileSync(headersFile, `x-from-file=${FILE_SECRET}\n`);
    server = await startTestServer({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS_FILE: headersFile,
        // A request waits for a connection until the test releases one, however busy the machine is.
        DATABASE_ACQUIRE_TIMEOUT_MS: '45000',
        REQUEST_TIMEOUT_MS: '50000',
        LOG_LEVEL: 'info',
      },
    });
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    conversationId = await ada.group(ben);
  });
  afterAll(async () => {
    await stop();
    await collector.close();
    rmSync(folder, { recursive: true });
    for (const name of Object.keys(OF_THE_SDK)) delete process.env[name];
  });

  it('continues the trace of an HTTP request into the database and the log', async () => {
    const { traceId, parentId, traceparent } = newTrace();
    const requestId = randomBytes(8).toString('hex');
    const path = `/conversations/${conversationId}/messages`;
    const headers = { traceparent, 'x-request-id': requestId };
    expect((await ada.call('POST', path, { body: 'by HTTP' }, { headers })).status).toBe(201);
    const request = await collector.span(
      'of the request',
      ({ kind, ...span }) => kind === 2 && span.traceId === traceId,
    );
    expect(request).toMatchObject({
      name: 'POST /api/v1/conversations/:conversationId/messages',
      parentSpanId: parentId,
      status: { code: 0 },
      attributes: { 'http.response.status_code': 201, 'xfchat.request_id': requestId },
    });
    await expectStored(request);
    const line = await until('the line', () => logged('request').find((each) => each.traceId === traceId));
    expect(line).toMatchObject({ requestId, spanId: request.spanId });
    expect(collector.resource).toMatchObject({ 'service.name': 'xfchat', 'service.version': '0.1.0' });
  });

  it.each([
    [
      'its authentication',
      ({ traceparent }: { traceparent: string }, token: string) => ({ auth: { token, traceparent } }),
    ],
    ['a header', ({ traceparent }: { traceparent: string }) => ({ extraHeaders: { traceparent } })],
  ])('continues the trace that a socket names in %s', async (_where, options) => {
    const { traceId, parentId, ...trace } = newTrace();
    const socket = await ben.connect(options(trace, ben.accessToken));
    await socket.ok('message:send', { conversationId, body: 'by socket' });
    socket.close();
    const fits = (span: CollectedSpan): boolean => span.traceId === traceId && span.kind === 2;
    const handshake = await collector.span(
      'of the handshake',
      (span) => fits(span) && span.name === 'handshake',
    );
    const command = await collector.span(
      'of the command',
      (span) => fits(span) && span.name === 'message:send',
    );
    expect([handshake.parentSpanId, command.parentSpanId]).toEqual([parentId, parentId]);
    expect(command.attributes).toMatchObject({ 'xfchat.outcome': 'ok' });
    expect(collector.childrenOf(handshake).map(({ name }) => name)).toContain(
      'SELECT conversation_participants',
    );
    await expectStored(command);
    expect(logged('command')).toContainEqual(
      expect.objectContaining({
        traceId,
        spanId: command.spanId,
        requestId: command.attributes['xfchat.request_id'],
      }),
    );
  });

  it('links a batch with each message that it stores, each of which has its own trace', async () => {
    const sockets = [await ada.connect(), await ben.connect()];
    const batch = await until('a batch of several', async () => {
      const sends = Array.from({ length: 20 }, (_, index) =>
        sockets[index % 2]!.ok('message:send', { conversationId, body: `${index}` }),
      );
      await Promise.all(sends);
      return collector.spans.find(({ name, links }) => name === 'store messages' && links.length > 1);
    });
    for (const socket of sockets) socket.close();
    expect(batch.attributes['xfchat.messages']).toBe(batch.links.length);
    expect(new Set(batch.links.map(({ traceId }) => traceId)).size).toBe(batch.links.length);
    for (const { spanId } of batch.links) {
      const sent = await collector.span('of a message', (span) => span.spanId === spanId);
      expect(sent).toMatchObject({ name: 'message:send', links: [{ spanId: batch.spanId }] });
    }
  });

  it('keeps every link of the largest batch', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 10 }, (_, index) => [ada, ben][index % 2]!.connect()),
    );
    const waiting = async (): Promise<boolean> =>
      /^xfchat_messages_waiting 200$/m.test(await (await fetch(`${server.url}/metrics`)).text());
    const sends: Promise<unknown>[] = [];
    const send = (index: number): void =>
      void sends.push(sockets[index % 10]!.command('message:send', { conversationId, body: `${index}` }));
    await whileLocked(server, conversationId, async () => {
      send(0);
      await aStatementWaits(server);
      for (let index = 1; index <= 200; index++) send(index);
      await until('all to wait', waiting);
    });
    await Promise.all(sends);
    for (const socket of sockets) socket.close();
    const batch = await collector.span(
      'of the batch',
      ({ attributes }) => attributes['xfchat.messages'] === 200,
    );
    const linked = new Set(batch.links.map(({ spanId }) => spanId));
    expect(linked.size).toBe(200);
    for (const spanId of linked) {
      const sent = await collector.span('of a message', (span) => span.spanId === spanId);
      expect(sent.links.map((link) => link.spanId)).toContain(batch.spanId);
    }
  });

  it('records a wait for a connection, and none when one is free', async () => {
    const [busy, free] = [newTrace(), newTrace()];
    const path = `/conversations/${conversationId}/messages`;
    const read = (headers: Record<string, string>) => ada.call('GET', path, undefined, { headers });
    const runners = Array.from({ length: 8 }, () => server.dataSource.createQueryRunner());
    for (const runner of runners) await runner.connect();
    const pool = (server.dataSource.driver as unknown as { master: DeadlinePool }).master;
    // Background work may wait as well, so the number of waiters does not prove that the request waits.
    const queued = new Set<string | undefined>();
    const connect = pool.connect.bind(pool) as (...parameters: unknown[]) => unknown;
    const asking = jest.spyOn(pool, 'connect').mockImplementation(((...parameters: unknown[]) => {
      const context = currentContext();
      connect(...parameters);
      if (context?.share === undefined || context.share === 'other') queued.add(context?.traceId);
    }) as never);
    const answer = read(busy);
    await until('the request to wait', () => queued.has(busy.traceId));
    asking.mockRestore();
    for (const runner of runners) await runner.release();
    expect(await answer).toMatchObject({ status: 200 });
    expect(await read(free)).toMatchObject({ status: 200 });
    const requestIn = (trace: { traceId: string }) => (span: CollectedSpan) =>
      span.traceId === trace.traceId && span.kind === 2;
    const [waited, served] = [
      await collector.span('that waited', requestIn(busy)),
      await collector.span('that did not', requestIn(free)),
    ];
    const waits = (span: CollectedSpan): unknown =>
      collector
        .childrenOf(span)
        .filter(({ name }) => name === 'wait for a connection')
        .map(({ kind, attributes, status }) => ({ kind, status: status.code, attributes }));
    // The authentication may have waited as well, for a new connection.
    expect(waits(waited)).toContainEqual({
      kind: 1,
      status: 0,
      attributes: { 'xfchat.pool_share': 'other' },
    });
    expect(waits(served)).toEqual([]);
  });

  it('marks only faults of the server as errors', async () => {
    const [refused, broken] = [newTrace(), newTrace()];
    const path = `/conversations/${conversationId}/messages`;
    const get = (headers: Record<string, string>) => ada.call('GET', path, undefined, { headers });
    expect((await ada.call('GET', '/nowhere', undefined, { headers: refused })).status).toBe(404);
    jest
      .spyOn(server.application.get(MessagesService), 'page')
      .mockRejectedValueOnce(new Error('on purpose'));
    expect((await get(broken)).status).toBe(500);
    expect(await collector.span('refused', ({ traceId }) => traceId === refused.traceId)).toMatchObject({
      name: 'GET',
      status: { code: 0 },
      attributes: { 'http.response.status_code': 404, 'xfchat.problem': 'not-found' },
    });
    const failed = await collector.span(
      'broken',
      ({ traceId, kind }) => traceId === broken.traceId && kind === 2,
    );
    expect(failed).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'internal' } });
    expect(logged('rejected with internal')).toMatchObject([
      { traceId: broken.traceId, requestId: failed.attributes['xfchat.request_id'] },
    ]);
    await refusedSocket(server.url, 'no token');
    const handshake = await collector.span(
      'of the refusal',
      ({ name, attributes }) => name === 'handshake' && attributes['xfchat.outcome'] === 'unauthenticated',
    );
    expect(handshake.status.code).toBe(0);
  });

  it('omits probes and traces that the caller does not sample, except in the log', async () => {
    const [left, later] = [newTrace('00'), newTrace()];
    await ada.call('GET', '/users/me', undefined, { headers: left });
    await call(server.url, 'GET', '/health/ready');
    await ada.call('GET', '/users/me', undefined, { headers: later });
    await collector.span('that came later', ({ traceId, kind }) => traceId === later.traceId && kind === 2);
    expect(collector.spans.filter(({ traceId }) => traceId === left.traceId)).toEqual([]);
    expect(collector.text).not.toContain('/health');
    expect(logged('request').filter(({ traceId }) => traceId === left.traceId)).toHaveLength(1);
  });

  // Tests G24.
  it('exports no texts or credentials, and does not log the export', async () => {
    await ada.send(conversationId, 'a-body-that-nobody-tells');
    const again = await ada.signInAgain();
    await collector.span('of the sign-in', ({ name }) => name === 'POST /api/v1/auth/login');
    const secrets = [
      'a-body-that-nobody-tells',
      PASSWORD,
      again.accessToken,
      again.refreshToken,
      ada.accessToken,
    ];
    for (const secret of secrets) expect(collector.text).not.toContain(secret);
    expect(collector.headers).toMatchObject({ 'x-api-key': HEADER_SECRET, 'x-from-file': FILE_SECRET });
    expect(lines.join('')).not.toContain(FILE_SECRET);
    expect(lines.join('')).not.toContain(HEADER_SECRET);
    expect(JSON.stringify((await call(server.url, 'GET', '/health')).body)).not.toContain(HEADER_SECRET);
  });

  it('works without its collector, warns once, and does not delay a stop', async () => {
    const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
    const failures = async () =>
      Number(/^xfchat_trace_spans_total\{outcome="failed"\} (\d+)$/m.exec(await metrics())?.[1] ?? 0);
    collector.status = 500;
    await ada.send(conversationId, 'into the void');
    const first = await until('a failure', failures);
    await ada.send(conversationId, 'again');
    await until('another failure', async () => (await failures()) > first);
    const told = 'traces cannot be exported; unsent traces are lost';
    expect(logged(told)).toMatchObject([{ code: '500' }]);

    collector.status = 200;
    await until('the collector to be told', async () => {
      await ada.send(conversationId, 'back');
      return logged('traces are exported again')[0];
    });

    collector.status = 0;
    await ada.send(conversationId, 'no answer comes');
    await until('the collector to be asked', () => collector.heldCount > 0);
    const ended = jest.spyOn(server.application.get(Tracing), 'onApplicationShutdown');
    await stop();
    await ended.mock.results[0]!.value;
    expect(collector.heldCount).toBeGreaterThan(0);
  });
});

describe('without an endpoint', () => {
  it('the log still names the trace of the caller', async () => {
    const lines: string[] = [];
    jest.spyOn(LineBuffer.prototype, 'write').mockImplementation((line) => void lines.push(line));
    const server = await startTestServer({ environment: { LOG_LEVEL: 'info' } });
    const { traceId, traceparent } = newTrace();
    const ada = await signUp(server.url);
    await ada.call('GET', '/users/me', undefined, { headers: { traceparent } });
    const socket = await ada.connect({ auth: { token: ada.accessToken, traceparent } });
    await socket.ok('conversation:sync', { cursors: [] });
    socket.close();
    await server.close();
    const named = lines.filter((line) => line.includes(traceId)).map((line) => JSON.parse(line));
    expect(named).toMatchObject([
      { msg: 'request', path: '/api/v1/users/me', traceId, requestId: expect.any(String) },
      { msg: 'command', event: 'conversation:sync', traceId, requestId: expect.any(String) },
    ]);
    expect(lines.join('')).not.toContain('spanId');
  });

  it('the SDK is not loaded', () => {
    const module = (name: string): string => JSON.stringify(join(__dirname, '../dist', name));
    const program = `require('reflect-metadata');
      require(${module('start')});
      const { startTracing } = require(${module('platform/tracing/tracing')});
      const loaded = () => Object.keys(require.cache).filter((name) => name.includes('opentelemetry'));
      startTracing(undefined).then(async () => {
        const without = loaded();
        await startTracing('http://127.0.0.1:4318');
        console.log(JSON.stringify({ without, more: loaded().length - without.length }));
      })`;
    const { without, more } = JSON.parse(
      execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }),
    );
    // The metrics library imports the API package.
    expect(without.filter((name: string) => !name.includes('@opentelemetry/api/'))).toEqual([]);
    expect(more).toBeGreaterThan(50);
  });
});
