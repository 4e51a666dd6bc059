import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { databaseProblem } from '../src/platform/database/database-problem';
import { migrateUp } from '../src/platform/migrations/migrate';
import { inTransaction } from '../src/platform/database/transaction';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../src/platform/embedded-postgres/embedded-postgres';
import { SCHEMA } from '../src/schema';
import { call } from './support/api';
import type { TestDatabase } from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { CommandAnswer, TestSocket } from './support/test-socket';
import { until } from './support/until';

const DEADLINE_MS = 3_000;
/** The allowance for an answer: the server has the deadline, and the client measures. */
// The deadline is the server's; the machine of the test may be busy.
const SLACK_MS = 10_000;

/** These faults take seconds and one process. test/faults has the others, which need a separate process. */
describe('while the database is away', () => {
  let postgres: EmbeddedPostgres;
  let directory: string;
  let proxy: FaultProxy;
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let socket: TestSocket;
  let conversationId: string;
  const acknowledged = new Map<string, number>();

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'xfchat-outage-'));
    // It must be durable, because it will be killed.
    postgres = await startEmbeddedPostgres({ directory });
    const url = postgres.url('postgres');
    await migrateUp(url, loadConfiguration({}), SCHEMA);
    proxy = await FaultProxy.inFrontOf(url);
    const database: TestDatabase = { url, name: 'postgres', drop: async () => undefined };
    server = await startTestServer({
      database,
      connectTo: () => proxy.url,
      environment: {
        REQUEST_TIMEOUT_MS: String(DEADLINE_MS),
        DATABASE_ACQUIRE_TIMEOUT_MS: '1500',
        ACCESS_TOKEN_LIFETIME_MS: '4000',
        DATABASE_POOL_MAX: '5',
      },
    });
    [ada, ben] = [await signUp(server.url), await signUp(server.url)];
    conversationId = await ada.direct(ben);
    socket = await ada.connect();
    await send();
  }, 60_000);

  afterAll(async () => {
    socket.close();
    await server.close();
    await proxy.close();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function send(id: string = randomUUID()): Promise<CommandAnswer & { ms: number; id: string }> {
    const started = performance.now();
    const answer = await socket.command('message:send', { conversationId, id, body: `text of ${id}` });
    if (answer.ok) acknowledged.set(id, answer.data.seq);
    return { ...answer, ms: performance.now() - started, id };
  }

  async function administrator(): Promise<Client> {
    const client = new Client({ connectionString: postgres.url('postgres') });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Refreshes the session, because the access token may have expired meanwhile. */
  async function freshToken(): Promise<string> {
    const { body } = await call(server.url, 'POST', '/api/v1/auth/refresh', {
      body: { refreshToken: ada.refreshToken },
    });
    ada.refreshToken = body.refreshToken;
    return body.accessToken as string;
  }

  /** Asserts that each acknowledged message is stored once with its number, and that the numbers have no hole. */
  async function verifyHistory(): Promise<void> {
    const client = await administrator();
    const { rows } = await client.query<{ id: string; seq: number }>(
      'select id, seq::integer from chat_messages where conversation_id = $1 order by seq',
      [conversationId],
    );
    await client.end();
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_row, index) => index + 1));
    const stored = new Map(rows.map((row) => [row.id, row.seq]));
    for (const [id, seq] of acknowledged) expect({ id, seq: stored.get(id) }).toEqual({ id, seq });
  }

  // Tests G7.
  it('the server reports refused connections in time, and recovers by itself', async () => {
    const socketId = socket.socket.id;
    const statusesBefore = socket.payloads('server:status').length;
    const token = await freshToken();
    proxy.set('refuse');
    try {
      const unready = until('readiness to turn red', async () => {
        const answer = await call(server.url, 'GET', '/health/ready');
        return answer.status === 503 && answer;
      });
      const first = await Promise.all([send(), send(), send()]);
      const verdict = await unready;
      expect(verdict.body.error.database).toMatchObject({
        status: 'down',
        reason: 'unreachable',
      });

      const path = `/api/v1/conversations/${conversationId}`;
      const started = performance.now();
      const answers = await Promise.all([
        call(server.url, 'GET', `${path}/messages`, { token }),
        call(server.url, 'POST', `${path}/messages`, { token, body: { body: 'over HTTP' } }),
        call(server.url, 'PATCH', '/api/v1/users/me', { token, body: { status: 'x' } }),
        call(server.url, 'POST', '/api/v1/auth/login', {
          body: { login: ada.username, password: 'whatever it is' },
        }),
      ]);
      expect(performance.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS);
      for (const { status, body, headers } of answers) {
        expect({ status, code: body.code }).toEqual({
          status: 503,
          code: expect.stringMatching(/^(temporarily-unavailable|database-busy)$/),
        });
        expect(headers.get('retry-after')).toBe(String(body.retryAfter));
      }
      for (const answer of first) {
        expect(answer.ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
        expect(answer).toMatchObject({
          ok: false,
          problem: {
            code: expect.stringMatching(/^(temporarily-unavailable|database-busy|outcome-unknown)$/),
          },
        });
      }
      expect((await call(server.url, 'GET', '/health/live')).status).toBe(200);
      expect(socket.payloads('server:status')[statusesBefore]).toEqual({ status: 'degraded' });

      proxy.set('pass');
      await until('a message to be acknowledged', async () => (await send()).ok);
      // Retries with the same id converge after a rejection or an unknown outcome.
      for (const { id } of first) expect((await send(id)).ok).toBe(true);
    } finally {
      proxy.set('pass');
    }
    await until('readiness', async () => (await call(server.url, 'GET', '/health/ready')).status === 200);
    expect(socket.socket.id).toBe(socketId);
    expect(socket.payloads('session:expired')).toEqual([]);
    await until('the pool to be as before', async () => {
      const { pool } = (await call(server.url, 'GET', '/health')).body.details;
      return pool.waiting === 0 && pool.total === pool.idle;
    });
    await verifyHistory();
  }, 40_000);

  // Tests G7.
  it('a write whose answer was lost is reported with an unknown outcome, and was done', async () => {
    proxy.set('pass');
    await send();
    const before = proxy.swallowedReplies;
    proxy.set('swallow-replies');
    const lost = await send();
    expect(proxy.swallowedReplies).toBeGreaterThan(before);
    proxy.resetAll();
    proxy.set('pass');
    expect(lost).toMatchObject({ ok: false, problem: { code: 'outcome-unknown', status: 504 } });
    const again = await until('the database', async () => {
      const answer = await send(lost.id);
      return answer.ok && answer;
    });
    const count = acknowledged.size;
    expect((await send(lost.id)).ok && acknowledged.size).toBe(count);
    expect(again.data.seq).toBe(acknowledged.get(lost.id));
    await verifyHistory();
  }, 30_000);

  // Tests G22.
  it('a write whose connection was lost after its commit is not retried', async () => {
    await until('the database', async () => (await send()).ok);
    const rows = async (): Promise<string[]> => {
      const client = await administrator();
      const found = await client.query<{ id: string }>('select id from chat_messages order by id');
      await client.end();
      return found.rows.map((row) => row.id);
    };
    const id = randomUUID();
    const before = await rows();
    proxy.set('swallow-replies');
    const sent = send(id);
    await until('the commit', async () => (await rows()).includes(id));
    proxy.resetAll();
    proxy.set('pass');
    expect(await sent).toMatchObject({ ok: false, problem: { code: 'outcome-unknown', status: 504 } });
    await until('the database', async () => (await send(id)).ok);
    expect(await rows()).toEqual([...before, id].sort());
    await verifyHistory();
  }, 60_000);

  it('the next attempt succeeds after the server’s connections were ended', async () => {
    const client = await administrator();
    for (let round = 0; round < 5; round++) {
      const sends = Promise.all(Array.from({ length: 10 }, () => send()));
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'xfchat'`,
      );
      for (const answer of await sends) {
        if (!answer.ok) expect(answer.problem.code).toMatch(/^(temporarily-unavailable|outcome-unknown)$/);
      }
    }
    await client.end();
    await until('a message to be acknowledged', async () => (await send()).ok);
    await verifyHistory();
  }, 30_000);

  // Tests G22.
  it('a connection that was lost between two statements is reported with a known outcome', async () => {
    const client = await administrator();
    const failed = inTransaction(server.dataSource, async (manager) => {
      await manager.query(`update users set status = 'never'`);
      const [{ pid }] = await manager.query('select pg_backend_pid() as pid');
      await client.query('select pg_terminate_backend($1)', [pid]);
      await until('the loss to be noticed', () => manager.queryRunner!.isReleased);
      await manager.query('select');
    });
    const error: unknown = await failed.catch((reason: unknown) => reason);
    expect(databaseProblem(error)?.code).toBe('temporarily-unavailable');
    await client.end();
  });

  it('writes report a read-only database, and reads work', async () => {
    const client = await administrator();
    await client.query(`alter database postgres set default_transaction_read_only = on`);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'xfchat%'`,
    );
    const token = await until('a connection that is read-only', async () => {
      const answer = await send();
      return !answer.ok && answer.problem.code === 'database-read-only' && ada.accessToken;
    });
    expect(token).toBeDefined();
    await until('readiness to say why', async () => {
      const { body } = await call(server.url, 'GET', '/health/ready');
      return body.error.database?.reason === 'read-only';
    });
    await client.query(`set default_transaction_read_only = off`);
    await client.query(`alter database postgres reset default_transaction_read_only`);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'xfchat%'`,
    );
    await client.end();
    await until('a message to be acknowledged', async () => (await send()).ok);
  }, 30_000);
});
