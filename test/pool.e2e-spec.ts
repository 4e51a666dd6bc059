import { StructuredLogger } from '../src/platform/logging/structured-logger';
import { UsersService } from '../src/features/users/users.service';
import { call } from './support/api';
import { withClient } from './support/databases';
import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('the connection pool', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      environment: { REQUEST_TIMEOUT_MS: '4000', DATABASE_QUEUE_MAX: '40' },
    });
  });
  afterAll(() => server.close());
  afterEach(() => jest.restoreAllMocks());

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- health has details of every shape
  const pool = async (): Promise<any> => (await call(server.url, 'GET', '/health')).body.details.pool;
  const logged = (message: string): Record<string, unknown>[] =>
    jest
      .mocked(server.application.get(StructuredLogger).event)
      .mock.calls.filter((entry) => entry[1] === message)
      .map((entry) => entry[2]!);

  it('keeps connections for sign-ins and messages, and queues slow reads with a limit and a warning', async () => {
    jest.spyOn(server.application.get(StructuredLogger), 'event');
    const ada = await signUp(server.url);
    const conversationId = await ada.group();
    const socket = await ada.connect();
    await withClient(server.database.url, async (client) => {
      await client.query('begin');
      await client.query('lock table friend_requests in access exclusive mode');
      const path = '/friend-requests?direction=incoming';
      const reads = Array.from({ length: 100 }, () => ada.call('GET', path));
      await until('the reads to wait', async () => (await pool()).shares.other.waiting > 0);
      const [again, sent] = await Promise.all([
        ada.signInAgain(),
        socket.command('message:send', { conversationId, body: 'in between' }),
      ]);
      expect(again.accessToken).toBeDefined();
      expect(sent).toMatchObject({ ok: true });
      expect((await pool()).shares.other).toMatchObject({ inUse: 8, waiting: expect.any(Number) });
      const answers = await Promise.all(reads);
      for (const answer of answers)
        expect(answer).toMatchObject({
          status: 503,
          body: { code: expect.stringMatching(/^(database-busy|temporarily-unavailable)$/) },
        });
      expect(answers.filter(({ body }) => body.code === 'database-busy').length).toBeGreaterThan(50);
      await client.query('rollback');
    });
    expect((await ada.call('GET', '/friend-requests?direction=incoming')).status).toBe(200);
    await until('the pool to be free', async () => {
      const { waiting, total, idle } = await pool();
      return waiting === 0 && total === idle;
    });
    expect(logged('the connection pool is nearly exhausted')).toEqual([
      expect.objectContaining({
        max: 10,
        operations: expect.objectContaining({ 'GET /api/v1/friend-requests': expect.any(Number) }),
      }),
    ]);
    const slow = logged('a statement was slow');
    expect(slow).toContainEqual(
      expect.objectContaining({ operation: 'GET /api/v1/friend-requests', code: '55P03' }),
    );
    expect(JSON.stringify(slow)).not.toMatch(/select|friend_requests/);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^xfchat_db_errors_total\{code="55P03"\} [1-9]/m);
    socket.close();
  }, 60_000);

  it('names the operation that does not release its connection', async () => {
    jest.spyOn(server.application.get(StructuredLogger), 'event');
    const ada = await signUp(server.url);
    const runner = server.dataSource.createQueryRunner();
    const original = UsersService.prototype.get;
    jest.spyOn(UsersService.prototype, 'get').mockImplementation(async function (this: UsersService, id) {
      await runner.connect();
      return original.call(this, id);
    });
    expect((await ada.call('GET', `/users/${ada.id}`)).status).toBe(200);
    const [report] = await until('the leak to be reported', () => {
      const reports = logged('a database connection was not returned to the pool');
      return reports.length > 0 && reports;
    });
    expect(report).toEqual({
      operation: 'GET /api/v1/users/:userId',
      heldMs: expect.any(Number),
      requestId: expect.any(String),
    });
    expect((await pool()).oldestCheckoutMs).toBeGreaterThan(4_000);
    await runner.release();
    await until('it to be forgotten', async () => (await pool()).oldestCheckoutMs < 4_000);
    expect(logged('a database connection was not returned to the pool')).toHaveLength(1);
  }, 60_000);

  it('shows the details of readiness to operators only', async () => {
    const local = (await call(server.url, 'GET', '/health/ready')).body.details;
    expect(local.pool).toMatchObject({ max: 10, shares: expect.any(Object) });
    const headers = { 'x-forwarded-for': '127.0.0.1' };
    const { details } = (await call(server.url, 'GET', '/health/ready', { headers })).body;
    for (const [name, verdict] of Object.entries(details))
      expect({ name, verdict }).toEqual({
        name,
        verdict: { status: 'up', reason: expect.any(String), ageMs: expect.any(Number) },
      });
    expect(Object.keys(details).sort()).toEqual(
      [
        'canary',
        'database',
        'draining',
        'maintenance',
        'pool',
        'redis',
        'relay',
        'schema',
        'storage',
        'values',
      ].sort(),
    );
  });
});
