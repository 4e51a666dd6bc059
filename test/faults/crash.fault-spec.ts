import { decodeJwt } from 'jose';
import { FaultBench } from '../support/fault-bench';
import { withClient } from '../support/databases';
import { record, together, type FaultVerdict } from '../support/fault-matrix';
import { until } from '../support/until';

jest.setTimeout(120_000);

const FREEZE_MS = 20_000;
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('PostgreSQL that crashes', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start();
  }, 60_000);
  afterAll(() => bench.close());

  it('F01: all processes are killed, three times', async () => {
    const rounds: FaultVerdict[] = [];
    while (rounds.length < 3) {
      const verdict = await bench.through('F01', {
        begin: () => bench.postgres.signalAll('SIGKILL'),
        meanwhile: () => bench.unready(),
        end: () => bench.postgres.start(),
      });
      rounds.push(verdict);
      record('F01', together(rounds));
      await bench.expectWhole(verdict);
      expect(verdict.ready).toContain('unreachable');
      expect(bench.load.refusals.get('temporarily-unavailable')).toBeGreaterThan(0);
    }
  });

  it('F02: one backend is killed, which ends all sessions', async () => {
    const started = await bench.postgres.query('select pg_postmaster_start_time() as at');
    const verdict = await bench.through('F02', {
      begin: async () => {
        const [{ pid }] = (await bench.postgres.query(
          `select pid from pg_stat_activity where application_name = 'xfchat' order by state limit 1`,
        )) as [{ pid: number }];
        process.kill(pid, 'SIGKILL');
      },
      meanwhile: () => bench.refusals(1),
      end: () => undefined,
    });
    await bench.expectWhole(verdict);
    expect(await bench.postgres.query('select pg_postmaster_start_time() as at')).toEqual(started);
    expect(bench.postgres.log).toContain('terminating any other active server processes');
  });
});

describe('PostgreSQL that is frozen', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    // The tokens expire well before the end. Requests have a leeway; sockets are closed without one.
    bench = await FaultBench.start({ environment: { ACCESS_TOKEN_LIFETIME_MS: '8000' }, isOverHttp: false });
  }, 60_000);
  afterAll(() => bench.close());

  // Tests G7.
  it('F03: all processes, for longer than the lifetime of an access token', async () => {
    const ended = performance.now() + FREEZE_MS;
    const verdict = await bench.through('F03', {
      begin: () => bench.postgres.signalAll('SIGSTOP'),
      meanwhile: async () => {
        await bench.unready();
        await bench.refusals(40);
        await pause(ended - performance.now());
        expect(bench.server.memoryBytes).toBeLessThan(500 * 1024 * 1024);
      },
      end: () => bench.postgres.signalAll('SIGCONT'),
    });
    await bench.expectWhole(verdict);
    expect(verdict.ready).toContain('timeout');
    // All tokens have expired, all sockets are still connected, and a new token can be fetched.
    const { exp } = decodeJwt(bench.people[0]!.accessToken);
    expect(exp! * 1_000).toBeLessThan(Date.now());
    expect(bench.sockets.every(({ socket }) => socket.connected)).toBe(true);
    const { refreshToken } = bench.people[0]!;
    const { body } = await bench.people[0]!.call('POST', '/auth/refresh', { refreshToken });
    const renewed = await bench.sockets[0]!.command('session:refresh', { token: body.accessToken });
    expect(renewed).toMatchObject({ ok: true });
  });

  it('F03a: only the postmaster, so that old connections work and new ones hang', async () => {
    await withClient(bench.postgres.administratorUrl(), async (client) => {
      const verdict = await bench.through('F03a', {
        begin: async () => {
          process.kill(bench.postgres.pid, 'SIGSTOP');
          // The pool must open new connections; the monitor still has its own.
          await client.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'xfchat'`,
          );
        },
        meanwhile: async () => {
          await bench.refusals(20);
          // Its own connection may be lost with the others; then it gets no answer.
          await until('the monitor to find out', () =>
            bench.looks.some(({ ready, reasons }) => ready === 503 && reasons.includes('timeout')),
          );
        },
        end: () => void process.kill(bench.postgres.pid, 'SIGCONT'),
      });
      await bench.expectWhole(verdict);
      expect(verdict.ready).toContain('timeout');
    });
  });
});
