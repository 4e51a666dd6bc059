import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { call } from './support/api';
import { withClient } from './support/databases';
import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

/** Makes the next `failures` updates of a user and inserts of a message fail with any SQLSTATE, or take time. */
const TRAPS = `
  create sequence attempts;
  create table trap (code text, failures integer, seconds double precision not null default 0);
  create function spring() returns trigger language plpgsql as $$
    declare trap trap;
    begin
      select * into trap from trap;
      if trap.seconds > 0 then perform pg_sleep(trap.seconds); end if;
      if trap.code is not null and nextval('attempts') <= trap.failures then
        raise exception 'trapped' using errcode = trap.code;
      end if;
      return new;
    end $$;
  create trigger spring before update on users for each row execute function spring();
  create trigger spring before insert on chat_messages for each row execute function spring()`;

/** The rows of the error mapping that a running database can cause. test/faults has the others. */
describe('an error of the database', () => {
  let server: TestServer;
  let ada: Person;
  let socket: TestSocket;
  let conversationId: string;

  beforeAll(async () => {
    server = await startTestServer({ environment: { REQUEST_TIMEOUT_MS: '4000' } });
    ada = await signUp(server.url);
    conversationId = await ada.group();
    socket = await ada.connect();
    await rows(TRAPS);
  });
  afterEach(() => rows('delete from trap'));
  afterAll(async () => {
    socket.close();
    await server.close();
  });

  const rows = (text: string): Promise<Record<string, unknown>[]> =>
    withClient(
      server.database.url,
      async (client) => (await client.query(text)).rows as Record<string, unknown>[],
    );
  const setTrap = (code: string | null, failures: number, seconds = 0): Promise<unknown> =>
    rows(`delete from trap; alter sequence attempts restart;
      insert into trap values (${code === null ? 'null' : `'${code}'`}, ${failures}, ${seconds})`);
  const attempts = async (): Promise<number> =>
    Number((await rows('select last_value from attempts'))[0]!.last_value);
  const change = (): Promise<Answer> => ada.call('PATCH', '/users/me', { status: randomUUID() });
  const send = (id: string = randomUUID()): ReturnType<TestSocket['command']> =>
    socket.command('message:send', { conversationId, id, body: 'x' });
  const ready = (): Promise<Answer> => call(server.url, 'GET', '/health/ready');

  it.each([
    ['55P03', 503, 'database-busy', 1],
    ['57014', 503, 'database-busy', 1],
    ['53300', 503, 'database-busy', 1],
    ['40001', 503, 'database-busy', 4],
    ['40P01', 503, 'database-busy', 4],
    ['53100', 503, 'storage-full', 1],
    ['25006', 503, 'database-read-only', 1],
    ['28P01', 503, 'temporarily-unavailable', 1],
    ['42P01', 503, 'schema-mismatch', 1],
    ['42703', 503, 'schema-mismatch', 1],
    ['23503', 404, 'not-found', 1],
    ['57P01', 504, 'outcome-unknown', 1],
    ['08006', 504, 'outcome-unknown', 1],
  ])(
    'is mapped from %s to %i %s over HTTP and in acknowledgements, tried %i times',
    async (sqlState, status, code, tries) => {
      await setTrap(sqlState, 1_000);
      const answer = await change();
      expect(answer).toMatchObject({ status, body: { code, status } });
      expect(answer.headers.get('retry-after') !== null).toBe(status === 503);
      expect(await attempts()).toBe(tries);
      await setTrap(sqlState, 1_000);
      expect(await send()).toMatchObject({ ok: false, problem: { code, status } });
      expect(await attempts()).toBe(tries);
      expect((await ada.call('GET', `/conversations/${conversationId}/messages`)).status).toBe(200);
      expect((await ready()).status).toBe(200);
      await setTrap(null, 0);
      expect([(await change()).status, (await send()).ok]).toEqual([200, true]);
    },
  );

  it.each(['40001', '40P01'])('is retried and not reported if it is temporary: %s', async (sqlState) => {
    await setTrap(sqlState, 2);
    expect((await change()).status).toBe(200);
    await setTrap(sqlState, 2);
    expect((await send()).ok).toBe(true);
    expect(await attempts()).toBe(3);
  });

  it('a full disk is reported to operators and fails no probe', async () => {
    await setTrap('53100', 1_000);
    await change();
    expect(await ready()).toMatchObject({
      status: 200,
      body: { details: { storage: { status: 'up', reason: 'full' } } },
    });
  });

  it('an incomplete schema fails the probe until it is repaired', async () => {
    await rows('alter table friend_requests rename to gone');
    expect(await ada.call('GET', '/friend-requests?direction=incoming')).toMatchObject({
      status: 503,
      body: { code: 'schema-mismatch' },
    });
    await until('readiness to say so', async () => {
      const { status, body } = await ready();
      return status === 503 && body.error.schema.reason === 'damaged';
    });
    await rows('alter table gone rename to friend_requests');
    await until('readiness', async () => (await ready()).status === 200);
  });

  it.each([
    ['pg_terminate_backend', 'outcome-unknown', 504],
    ['pg_cancel_backend', 'database-busy', 503],
  ])('is mapped in the middle of a write: %s to %s', async (end, code, status) => {
    await setTrap(null, 0, 20);
    const answers = Promise.all([change(), send()]);
    await until('both to be at work', async () => {
      const sleeping = await rows(
        `select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
      );
      return sleeping.length === 2;
    });
    await rows(
      `select ${end}(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
    );
    const [changed, sent] = await answers;
    expect(changed).toMatchObject({ status, body: { code } });
    expect(sent).toMatchObject({ ok: false, problem: { code } });
  });

  it('a connection that is lost during a read has a known outcome', async () => {
    await withClient(server.database.url, async (client) => {
      await client.query('begin');
      await client.query('lock table friend_requests in access exclusive mode');
      const reading = ada.call('GET', '/friend-requests?direction=incoming');
      await until('the read to wait', async () => {
        const ended = await rows(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return ended.length > 0;
      });
      expect(await reading).toMatchObject({ status: 503, body: { code: 'temporarily-unavailable' } });
      await client.query('rollback');
    });
  });

  // Tests G22.
  it('the server times out a slow statement before its client does, with a known outcome', async () => {
    await setTrap(null, 0, 30);
    const status = randomUUID();
    expect(await ada.call('PATCH', '/users/me', { status })).toMatchObject({
      status: 503,
      body: { code: 'database-busy' },
    });
    const id = randomUUID();
    expect(await send(id)).toMatchObject({ ok: false, problem: { code: 'database-busy' } });
    await setTrap(null, 0);
    expect((await ada.call('GET', '/users/me')).body.status).not.toBe(status);
    expect((await ada.call('GET', `/conversations/${conversationId}/messages/${id}`)).status).toBe(404);
  });

  it('a repeated message returns the first one', async () => {
    const id = randomUUID();
    const first = await send(id);
    expect(await send(id)).toEqual(first);
  });
});
