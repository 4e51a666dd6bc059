import { randomBytes } from 'node:crypto';
import { AuthenticationLog } from '../src/features/authentication/authentication-log';
import {
  deleteOldEvents,
  readEvents,
  type LoggedEvent,
} from '../src/features/authentication/authentication-log.queries';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** The log records the action, the actor, the account, the address and the outcome. */
describe('the authentication log', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { TRUST_PROXY: '1' } });
  });
  afterAll(() => server.close());

  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    call(server.url, 'POST', `/api/v1/auth${path}`, { body, headers });
  const eventsOf = (userId: string): Promise<LoggedEvent[]> =>
    readEvents(server.dataSource, { userId, limit: 100 });
  const logged = (person: Person, count: number): Promise<LoggedEvent[]> =>
    until(`${count} entries`, async () => {
      const events = await eventsOf(person.id);
      return events.length >= count && events;
    });

  it('records sign-ins, rejections, changes of credentials and ended sessions, with account, address and request', async () => {
    const ada = await signUp(server.url);
    const requestId = `request-${randomBytes(6).toString('hex')}`;
    const login = { login: ada.username.toUpperCase(), password: PASSWORD };
    await post('/login', login, { 'x-request-id': requestId });
    await post('/login', { ...login, password: 'not the password' });
    await ada.call('PUT', '/auth/password', { currentPassword: 'wrong', newPassword: 'chosen by herself' });
    await ada.call('PUT', '/auth/password', { currentPassword: PASSWORD, newPassword: 'chosen by herself' });
    await ada.call('POST', '/auth/logout');

    const events = await logged(ada, 7);
    const outcomes = events.map(({ kind, outcome, detail }) =>
      [kind, outcome, detail].filter(Boolean).join(' '),
    );
    expect(outcomes.sort()).toEqual([
      'password-change invalid-credentials',
      'password-change ok',
      'registration ok',
      'session-ended ok password-changed',
      'session-ended ok signed-out',
      'sign-in invalid-credentials',
      'sign-in ok',
    ]);
    expect(events.find(({ kind, outcome }) => kind === 'sign-in' && outcome === 'ok')).toMatchObject({
      username: ada.username,
      requestId,
      address: '127.0.0.1',
      sessionId: expect.any(String),
      times: 1,
    });
  });

  it('normalises an address as the rate limits do, whatever form a proxy has used', async () => {
    const ada = await signUp(server.url);
    const forwarded = ['192.0.2.7:4711', '::ffff:192.0.2.8', '[2001:DB8:0::1]:443'];
    for (const address of forwarded)
      await post('/login', { login: ada.username, password: PASSWORD }, { 'x-forwarded-for': address });
    const events = await logged(ada, 4);
    const addresses = events.flatMap(({ kind, address }) => (kind === 'sign-in' ? [address] : []));
    expect(addresses.sort()).toEqual(['192.0.2.7', '192.0.2.8', '2001:db8::1']);
  });

  it('counts repeated entries instead of growing, for known and unknown accounts', async () => {
    const ada = await signUp(server.url);
    const unknown = Array.from({ length: 30 }, () => `nobody-${randomBytes(4).toString('hex')}`);
    const attempt = (login: string) => post('/login', { login, password: 'a guess' });
    await Promise.all([...unknown.map(attempt), ...Array.from({ length: 10 }, () => attempt(ada.username))]);
    const rows = await until('all attempts to be counted', async () => {
      const found = await server.dataSource.query<{ known: boolean; rows: number; times: number }[]>(
        `select user_id is not null as known, count(*)::integer as rows, sum(times)::integer as times
         from authentication_events where kind = 'sign-in' and outcome = 'invalid-credentials'
           and (user_id is null or user_id = $1) group by 1 order by 1`,
        [ada.id],
      );
      return found.length === 2 && found[0]!.times >= 30 && found[1]!.times >= 10 && found;
    });
    expect(rows).toMatchObject([
      { known: false, rows: 1, times: 30 },
      { known: true, rows: 1, times: 10 },
    ]);
  });

  it('holds no password, token, code or unknown name', async () => {
    const ada = await signUp(server.url);
    const typed = 'the password in the wrong field';
    await post('/login', { login: typed, password: 'x' });
    await post('/refresh', { refreshToken: `${ada.refreshToken}x` });
    await post('/password-reset', { code: 'xfp_a-guess', newPassword: 'a new long password' });
    await until('the refusals', async () => {
      const rows = await server.dataSource.query<unknown[]>(
        `select from authentication_events where kind in ('refresh', 'password-reset')`,
      );
      return rows.length >= 2;
    });
    const rows = JSON.stringify(await server.dataSource.query('select * from authentication_events'));
    for (const secret of [typed, PASSWORD, ada.refreshToken, 'xfp_', 'a new long password'])
      expect(rows).not.toContain(secret);
  });

  it('does not fail or delay a sign-in when it cannot be written, and is written later', async () => {
    const ada = await signUp(server.url);
    await logged(ada, 1);
    await server.dataSource.query('alter table authentication_events rename to hidden');
    try {
      expect((await post('/login', { login: ada.username, password: PASSWORD })).status).toBe(200);
      const metrics = () => call(server.url, 'GET', '/metrics');
      await until('an attempt to fail', async () =>
        /^xfchat_authentication_log_failures_total [1-9]/m.test((await metrics()).body),
      );
    } finally {
      await server.dataSource.query('alter table hidden rename to authentication_events');
    }
    expect((await logged(ada, 2)).map(({ kind }) => kind)).toContain('sign-in');
  });

  it('is stored before the server stops', async () => {
    const other = await startTestServer({ database: server.database });
    const ada = await signUp(other.url);
    await other.close();
    expect(await eventsOf(ada.id)).toMatchObject([{ kind: 'registration', outcome: 'ok' }]);
  });

  it('deletes the entries of an erased user', async () => {
    const ada = await signUp(server.url);
    await logged(ada, 1);
    // An entry that was recorded before the erasure and is stored after it does not name the account either.
    const log = server.application.get(AuthenticationLog);
    log.note({ kind: 'sign-in', outcome: 'ok', userId: ada.id, detail: 'late' });
    await ada.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' });
    const ben = await signUp(server.url);
    await logged(ben, 1);
    expect(await eventsOf(ada.id)).toEqual([]);
  });

  it('is deleted after its time, in batches', async () => {
    const ada = await signUp(server.url);
    await logged(ada, 1);
    await server.dataSource.query(
      `insert into authentication_events (id, kind, outcome, user_id, created_at, last_at)
       select gen_random_uuid(), 'sign-in', 'ok', $1, now() - interval '91 days', now() from generate_series(1, 25)`,
      [ada.id],
    );
    const deleted: number[] = [];
    do deleted.push(await deleteOldEvents(server.dataSource, 90, 10));
    while (deleted.at(-1)! > 0);
    expect(deleted).toEqual([10, 10, 5, 0]);
    expect(await eventsOf(ada.id)).toHaveLength(1);
  });
});
