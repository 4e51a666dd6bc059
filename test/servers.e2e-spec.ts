import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { EventRelay } from '../src/platform/servers/event-relay';
import { LogReader, type LogReaderListener } from '../src/platform/servers/log-reader';
import { MAX_ROWS } from '../src/platform/servers/relay.queries';
import { call } from './support/api';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { signUpAll } from './support/people';
import { startTestServer } from './support/test-server';
import { until } from './support/until';

/** A server learns of the others while it starts, hangs and recovers. */
describe('a server among others', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  /** The lease of a server that does not exist. */
  function reader(apply: LogReaderListener['apply'] = () => Promise.resolve(false)): {
    reader: LogReader;
    looks: () => number;
    beginnings: () => number;
  } {
    let looks = 0;
    let beginnings = 0;
    const made = new LogReader(database.url, randomUUID(), {
      apply,
      applied: () => Promise.resolve(),
      begunAnew: () => beginnings++,
      failed: () => undefined,
      looked: () => looks++,
    });
    made.start();
    return { reader: made, looks: () => looks, beginnings: () => beginnings };
  }

  // Tests G6.
  it('does not deliver before the live servers have noticed it', async () => {
    let open = (): void => undefined;
    let gate = Promise.resolve();
    const first = reader(async () => {
      await gate;
      return false;
    });
    await until('the first to be live', () => first.reader.lease.isLive);
    gate = new Promise((resolve) => (open = resolve));
    const before = first.looks();
    first.reader.look();
    await until('a look that takes long', () => first.looks() > before);
    const second = reader();
    await until('the second to look', () => second.looks() > 1);
    expect(second.reader.lease.isLive).toBe(false);
    open();
    await until('the second to be live', () => second.reader.lease.isLive);
    await Promise.all([first.reader.stop(), second.reader.stop()]);
  });

  it('restarts its clients when it has missed more events than it could send in time', async () => {
    const applied: number[] = [];
    const { reader: late, beginnings } = reader((rows) => {
      applied.push(rows.length);
      return Promise.resolve(false);
    });
    await until('the server to be live', () => late.lease.isLive);
    const write = (count: number): Promise<unknown> =>
      withClient(database.url, (client) =>
        client.query(
          `insert into server_events (transaction_id, server_id, events)
           select pg_current_xact_id()::text::bigint, $1, '[]' from generate_series(1, $2::int)`,
          [randomUUID(), count],
        ),
      );
    await write(MAX_ROWS + 1);
    await until('another beginning', () => beginnings() === 1);
    await until('the server to be live again', () => late.lease.isLive);
    await write(MAX_ROWS);
    await until('the rows', () => applied.includes(MAX_ROWS));
    expect(Math.max(...applied)).toBe(MAX_ROWS);
    expect(beginnings()).toBe(1);
    await late.stop();
  });

  // Tests G7.
  it('keeps the leases of the others when it returns after an outage', async () => {
    let isOutage = false;
    const { reader: first, looks } = reader(() => {
      if (!isOutage) return Promise.resolve(false);
      isOutage = false;
      first.lease.end();
      Object.assign(first, { cleanedAt: -Infinity });
      return Promise.resolve(undefined);
    });
    await until('the server to be live', () => first.lease.isLive);
    const peers = await withClient(database.url, async (client) => {
      await client.query(`insert into servers (id, lease_until, applied)
        values (gen_random_uuid(), now() - interval '1 hour', pg_current_snapshot()::text)`);
      isOutage = true;
      first.look();
      await until('the outage', () => !isOutage);
      const before = looks();
      await until('looks after it', () => looks() > before + 1);
      return (await client.query('select from servers where lease_until < now()')).rowCount;
    });
    expect(peers).toBe(1);
    await first.stop();
  });

  // Tests G6.
  it('writes events to the log while it cannot know whether other servers have started', async () => {
    const server = await startTestServer({ database });
    try {
      const [ada, ben] = await signUpAll(server.url, 2);
      const group = await ada!.group(ben!);
      const relay = server.application.get(EventRelay);
      await withClient(database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table servers in access exclusive mode');
        await until('the lease to run out', () => !relay.isLive);
        await ada!.send(group, 'stored meanwhile');
        const { rows } = await client.query('select events from server_events');
        expect(rows).toEqual([{ events: [expect.objectContaining({ kind: 'messages-created' })] }]);
        await client.query('rollback');
      });
    } finally {
      await server.close();
    }
  });

  // Tests G6.
  it('opens no stream while it has not read the events of the others', async () => {
    const server = await startTestServer({ database });
    try {
      const [ada, ben] = await signUpAll(server.url, 2);
      const group = await ada!.group(ben!);
      const relay = server.application.get(EventRelay);
      await withClient(database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table servers in access exclusive mode');
        await until('the lease to run out', () => !relay.isLive);
        const answer = await ada!.call('GET', `/conversations/${group}/messages`, undefined, {
          headers: { subscribe: 'true' },
        });
        expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily-unavailable' } });
        await client.query('rollback');
      });
    } finally {
      await server.close();
    }
  });

  it('is not ready when it has not delivered for a long time, although the database is up', async () => {
    const server = await startTestServer({ database });
    try {
      const relay = server.application.get(EventRelay);
      const ready = () => call(server.url, 'GET', '/health/ready');
      expect(await ready()).toMatchObject({ status: 200, body: { details: { relay: { reason: 'ok' } } } });
      jest.spyOn(relay, 'isLive', 'get').mockReturnValue(false);
      const notLiveMs = jest.spyOn(relay, 'notLiveMs', 'get').mockReturnValue(9_999);
      const catchingUp = { status: 'up', reason: 'catching-up' };
      expect(await ready()).toMatchObject({ status: 200, body: { details: { relay: catchingUp } } });
      notLiveMs.mockReturnValue(10_000);
      const notLive = { status: 'down', reason: 'not-live' };
      expect(await ready()).toMatchObject({ status: 503, body: { details: { relay: notLive } } });
    } finally {
      jest.restoreAllMocks();
      await server.close();
    }
  });

  it('reads the current state from PostgreSQL when it has no access to the events of the others', async () => {
    const server = await startTestServer({ database });
    try {
      const relay = server.application.get(EventRelay);
      const warn = jest.spyOn(Logger.prototype, 'warn');
      await withClient(database.url, (client) => client.query('alter table servers rename to others'));
      await until('the lease to run out', () => !relay.isLive);
      expect(warn.mock.calls.flat().join()).toContain('the database rejects it with 42P01');
      await withClient(database.url, (client) => client.query('alter table others rename to servers'));
      await until('the server to be live again', () => relay.isLive);
    } finally {
      jest.restoreAllMocks();
      await server.close();
    }
  });
});
