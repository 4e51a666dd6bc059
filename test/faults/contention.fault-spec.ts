import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { MONITOR_NAME } from '../../src/platform/database/maintenance.queries';
import { call, type Answer } from '../support/api';
import { withClient } from '../support/databases';
import { ANSWERED_WITHIN_MS, ENVIRONMENT, FaultBench, RECOVERED_WITHIN_MS } from '../support/fault-bench';
import { HONEST } from '../support/fault-load';
import { ROLE, ROLE_PASSWORD } from '../support/postgres-controller';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';

jest.setTimeout(120_000);

const OTHERS = 'others';
const END_ALL_BUT_OTHERS = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where backend_type = 'client backend' and application_name is distinct from '${OTHERS}' and pid <> pg_backend_pid()`;

/** Returns false when no connection is left. */
const takeConnection = async (connectionString: string, taken: Client[]): Promise<boolean> => {
  const client = new Client({ connectionString, application_name: OTHERS });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    if ((error as { code?: string }).code === '53300') return false;
    throw error;
  }
  taken.push(client);
  return true;
};

describe('a database that answers with errors or late', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start({
      settings: { max_connections: '40', superuser_reserved_connections: '3', deadlock_timeout: '50ms' },
    });
  }, 60_000);
  afterAll(() => bench.close());

  it('F13: the server survives a new password and ended sessions', async () => {
    const statuses = bench.statuses.length;
    const verdict = await bench.through('F13', {
      begin: async () => {
        await bench.postgres.query(`alter role ${ROLE} password 'another one'`);
        await bench.postgres.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`,
        );
      },
      meanwhile: async () => {
        await until('the cause to be told', () =>
          bench.looks.some(({ reasons }) => reasons.includes('authentication')),
        );
        await bench.refusals(40);
      },
      end: () => bench.postgres.query(`alter role ${ROLE} password '${ROLE_PASSWORD}'`).then(() => undefined),
    });
    await bench.expectWhole(verdict);
    expect(bench.statuses.slice(statuses)).toEqual(['degraded', 'ok']);
    expect(bench.server.log).toContain('the database is down: authentication');
    expect(bench.server.log).not.toContain(ROLE_PASSWORD);
  });

  it('F14: 300 requests wait for a locked conversation, and others are served', async () => {
    const [ada] = bench.people;
    const path = `/conversations/${bench.conversationId}`;
    const holder = new Client({ connectionString: bench.postgres.administratorUrl() });
    let answers: Answer[] = [];
    let longestMs = 0;
    let liveMs = 0;
    const verdict = await bench.through('F14', {
      begin: async () => {
        await holder.connect();
        await holder.query('begin');
        await holder.query('select from conversations where id = $1 for no key update', [
          bench.conversationId,
        ]);
      },
      meanwhile: async () => {
        const ask = async (_: unknown, index: number): Promise<Answer> => {
          const started = performance.now();
          const answer = await (index % 2
            ? ada!.call('POST', `${path}/messages`, { body: 'x' })
            : ada!.call('DELETE', `${path}/messages/${randomUUID()}`));
          longestMs = Math.max(longestMs, performance.now() - started);
          return answer;
        };
        const requests = Array.from({ length: 300 }, ask);
        const asked = performance.now();
        expect((await call(bench.server.url, 'GET', '/health/live')).status).toBe(200);
        liveMs = performance.now() - asked;
        answers = await Promise.all(requests);
        // On a very busy machine, the monitor may find the database down for a moment, and all requests fail with that.
        await until('one to be refused for the lock', async () => {
          if (answers.some(({ body }) => body.code === 'database-busy')) return true;
          answers.push(await ask(undefined, 1));
          return false;
        });
      },
      end: () => holder.end(),
    });
    await bench.expectWhole(verdict);
    expect(answers.length).toBeGreaterThanOrEqual(300);
    const codes = new Set(answers.map(({ body }) => body.code as string));
    expect([...codes].filter((code) => !HONEST.test(code))).toEqual([]);
    expect(codes).toContain('database-busy');
    expect(longestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    expect(liveMs).toBeLessThan(ANSWERED_WITHIN_MS);
    // Requests must not fail for want of a connection. On a very busy machine, the monitor's own query may time out.
    expect(verdict.ready.filter((reason) => !/^(green|timeout)$/.test(reason))).toEqual([]);
    const { pool } = (await call(bench.server.url, 'GET', '/health')).body.details;
    expect(pool).toMatchObject({ waiting: 0, exhaustedMs: 0 });
  });

  it('F15: other clients have taken all connections', async () => {
    const others: Client[] = [];
    const verdict = await bench.through('F15', {
      begin: async () => {
        const takeAll = async (): Promise<void> => {
          while (await takeConnection(bench.postgres.url(), others));
        };
        // While the monitor keeps a connection, the database is reported as full and not as down.
        await until(
          'somebody to be told that it is full',
          async () => {
            await takeAll();
            await bench.postgres.query(`${END_ALL_BUT_OTHERS} and application_name <> '${MONITOR_NAME}'`);
            return bench.load.refusals.has('database-busy');
          },
          60_000,
        );
        // The server may get a connection that becomes free. Repeat until all are taken and the server has none.
        for (let isOver = false; !isOver;) {
          await takeAll();
          isOver = (await bench.postgres.query(END_ALL_BUT_OTHERS)).length === 0;
        }
      },
      meanwhile: () => bench.refusals(20),
      end: async () => {
        await Promise.all(others.map((client) => client.end()));
      },
    });
    await bench.expectWhole(verdict);
  });

  it('F16: a statement that never returns is cancelled', async () => {
    const verdict = await bench.through('F16', {
      begin: async () => {
        await bench.postgres.query(`
          create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
          create trigger linger before insert on chat_messages for each row execute function linger()`);
      },
      meanwhile: () => bench.refusals(12),
      end: async () => {
        await bench.postgres.query(
          'set lock_timeout = 0; drop trigger linger on chat_messages; drop function linger',
        );
      },
    });
    await bench.expectWhole(verdict);
    // The server's own limit is reached first, so the answer says that nothing was done.
    expect(bench.load.refusals.get('database-busy')).toBeGreaterThan(0);
    const metrics = await (await fetch(`${bench.server.url}/metrics`)).text();
    expect(metrics).toMatch(/^xfchat_db_errors_total\{code="57014"\} [1-9]/m);
    expect(bench.server.log).toMatch(/"operation":"message writer","durationMs":\d+,"code":"57014"/);
    expect(bench.server.log).not.toContain('text of');
  });

  it('F17: 500 transactions deadlock', async () => {
    const [ada, ben] = bench.people;
    await bench.postgres.query(`
      create table knot (id integer primary key, touched integer not null default 0);
      insert into knot values (1), (2);
      grant all on knot to ${ROLE};
      create function tangle() returns trigger language plpgsql as $$
        declare first integer := 1 + (random() < 0.5)::integer;
        begin
          update knot set touched = touched + 1 where id = first;
          perform pg_sleep(0.005);
          update knot set touched = touched + 1 where id = 3 - first;
          return new;
        end $$;
      create trigger tangle before update on users for each row execute function tangle()`);
    const deadlocks = async (): Promise<number> =>
      Number(
        /^xfchat_db_errors_total\{code="40P01"\} (\d+)/m.exec(
          await (await fetch(`${bench.server.url}/metrics`)).text(),
        )?.[1] ?? 0,
      );
    bench.beginLoad();
    const statuses: number[] = [];
    let left = 500;
    const change = async (person: typeof ada): Promise<void> => {
      while (left-- > 0) {
        const { status } = await person!.call('PATCH', '/users/me', { status: randomUUID() });
        statuses.push(status);
      }
    };
    await Promise.all([change(ada), change(ben), change(ada), change(ben)]);
    const met = await deadlocks();
    await bench.postgres.query('drop trigger tangle on users; drop function tangle; drop table knot');
    bench.load.mark();
    const recoveryMs = await until('recovery', () => bench.load.recoveryMs);
    const refused = statuses.filter((status) => status === 503).length;
    const verdict = await bench.conclude('F17', bench.looks.splice(0), recoveryMs, [
      refused === 0
        ? 'all, by running again (40P01)'
        : 'nearly all, by running again (40P01), some database-busy',
    ]);
    expect(met).toBeGreaterThan(0);
    expect(statuses).toHaveLength(500);
    expect(statuses.filter((status) => ![200, 503].includes(status))).toEqual([]);
    expect(refused).toBeLessThan(25);
    await bench.expectWhole(verdict);
  });

  it('F18: the server is suspended in the middle of a transaction', async () => {
    const [ada] = bench.people;
    const other = await ServerProcess.start({
      environment: { ...ENVIRONMENT, DATABASE_URL: bench.postgres.url() },
    });
    try {
      const groupId = await ada!.group();
      bench.beginLoad();
      await until('some load', () => bench.load.acknowledged.size > 20);
      await withClient(bench.postgres.administratorUrl(), async (client) => {
        await client.query('begin');
        await client.query('select from conversations where id = $1 for no key update', [groupId]);
        void ada!.call('PATCH', `/conversations/${groupId}`, { title: 'never' }).catch(() => undefined);
        const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and usename = '${ROLE}'
          and query like '%conversations%'`;
        const [{ pid }] = await until('the transaction to wait', async () => {
          const found = (await bench.postgres.query(waiting)) as [{ pid: number }];
          return found.length > 0 && found;
        });
        bench.server.signal('SIGSTOP');
        await client.query('commit');
        const idle = `select pid from pg_stat_activity where state = 'idle in transaction' and pid = ${pid}`;
        await until(
          'it to be idle in transaction',
          async () => (await bench.postgres.query(idle)).length === 1,
        );
        // Others get the lock once the database has ended the transaction, 5 s after the longest request.
        Object.assign(ada!, { url: other.url });
        await until(
          'somebody else to get the lock',
          async () =>
            (await ada!.call('PATCH', `/conversations/${groupId}`, { title: 'after all' })).status === 200,
          30_000,
        );
        expect(bench.postgres.log).toContain('idle-in-transaction timeout');
      });
      Object.assign(ada!, { url: bench.server.url });
      bench.looks.length = 0;
      bench.server.signal('SIGCONT');
      bench.load.mark();
      const recoveryMs = await until('recovery', () => bench.load.recoveryMs);
      const verdict = await bench.conclude('F18', bench.looks.splice(0), recoveryMs, ['25P03 on the server']);
      expect(verdict).toMatchObject({ lost: 0, twice: 0, isSameProcess: true });
      expect(verdict.recoveryMs).toBeLessThanOrEqual(RECOVERED_WITHIN_MS);
    } finally {
      await other.close();
    }
  });
});
