import { FakeExporter } from '../../../test/support/fake-exporter';
import { parseSamples } from './prometheus-text';
import { watch, type WatchReport } from './watch';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const OPTIONS = { durationMs: 20 * MINUTE_MS, intervalMs: 10_000, stretchMs: MINUTE_MS };

/** Ten seconds of an ordinary day. */
function live(server: FakeExporter): void {
  server.answer(100);
  server.deliver(0.002, 30);
  server.execute(0.001, 200);
  server.signIn('ok', 5);
  server.signIn('invalid-credentials', 5);
}

/** Watches with a fake clock that only pauses advance. `happen` gets the time before each read. */
async function watching(
  servers: FakeExporter[],
  happen: (ms: number) => void,
  options: Partial<typeof OPTIONS> & { cancelAtMs?: number } = {},
): Promise<{ report: WatchReport; told: string[] }> {
  let now = 0;
  const told: string[] = [];
  const nodes = servers.map((_server, index) => `http://node-${index}`);
  const report = await watch(
    { ...OPTIONS, ...options, nodes },
    {
      now: () => now,
      pause: async (ms) => {
        now += ms;
        happen(now);
      },
      isCancelled: () => now >= (options.cancelAtMs ?? Infinity),
      look: async (node) => {
        const server = servers[nodes.indexOf(node)]!;
        const { status } = server.health();
        const reason = status === 200 ? '' : 'not ready (database unreachable)';
        return { isReady: status === 200, reason, samples: parseSamples(await server.metrics()) };
      },
      tell: (line) => told.push(line),
    },
  );
  return { report, told };
}

const missed = ({ targets }: WatchReport): string[] =>
  targets.filter(({ met }) => met === false).map(({ name }) => name);

jest.setTimeout(60_000);

describe('the watch after a deployment', () => {
  it('reports no fault on a healthy day, and prints its progress now and then', async () => {
    const servers = [new FakeExporter(), new FakeExporter()];
    // Counts from before the watch do not belong to this release.
    servers[0]!.answer(1_000, 900);
    const { report, told } = await watching(servers, () => servers.forEach(live), {
      durationMs: 24 * HOUR_MS,
      intervalMs: 5 * MINUTE_MS,
    });
    expect(report).toMatchObject({
      ok: true,
      complete: true,
      watchedSeconds: 86_400,
      rollback: [],
      nodes: [
        { url: 'http://node-0', looks: 289, unserved: 0, restarts: 0 },
        { url: 'http://node-1', looks: 289, unserved: 0, restarts: 0 },
      ],
    });
    expect(report.targets.map(({ met }) => met)).toEqual(report.targets.map(() => true));
    expect(report.targets[0]).toMatchObject({ name: 'errors', seen: '0 %: 0 of 57600' });
    expect(told).toHaveLength(143);
    expect(told[0]).toContain('10 min of 24 h: errors 0 %: 0 of 400 · delivery');
  });

  it('ends at once when 6 % are errors for a minute, and names the criterion and the server', async () => {
    const servers = [new FakeExporter(), new FakeExporter()];
    const { report } = await watching(servers, (ms) => {
      servers.forEach(live);
      if (ms > 5 * MINUTE_MS) servers[1]!.answer(900, 60);
    });
    expect(report).toMatchObject({
      ok: false,
      complete: false,
      rollback: [{ criterion: 'errors', node: 'http://node-1', evidence: '5.88 %: 300 of 5100' }],
    });
    // It ends as soon as the fault has lasted through every third of a minute.
    expect(report.watchedSeconds).toBe(5 * 60 + 50);
    expect(missed(report)).toEqual(['errors']);
  });

  it('reports at most a missed target for a shorter time, for 4 %, or for one error at night', async () => {
    const server = new FakeExporter();
    const short = await watching([server], (ms) => {
      live(server);
      server.answer(900, ms > MINUTE_MS && ms <= MINUTE_MS + 40_000 ? 60 : 0);
    });
    expect(short.report).toMatchObject({ ok: false, complete: true, rollback: [] });
    expect(missed(short.report)).toEqual(['errors']);
    const few = await watching([server], () => server.answer(1_000, 40));
    expect([missed(few.report), few.report.rollback]).toEqual([['errors'], []]);
    const night = await watching([server], (ms) => ms === 10 * MINUTE_MS && server.answer(2, 1));
    expect([missed(night.report), night.report.rollback]).toEqual([['errors'], []]);
  });

  it.each<[criterion: string, evidence: string, harm: (server: FakeExporter) => void]>([
    ['timeouts', '2.95 %: 165 of 5600', (server) => server.answer(1_000, 33, 'request-timeout')],
    ['sign-ins', '45.45 %: 25 of 55', (server) => server.signIn('temporarily-unavailable', 5)],
    ['delivery', '95 % take up to 2.9 s', (server) => server.deliver(0.9, 40)],
    ['statements', '215 ms on average', (server) => server.execute(0.5, 180)],
    ['pool', 'all are in use', (server) => server.usePool(25, 3)],
    ['canary', 'for 90 s', (server) => server.hearCanary(90)],
    ['not-serving', 'not ready (database unreachable)', (server) => void (server.isReady = false)],
    ['restarts', '3 restarts', (server) => server.restart()],
  ])('names the criterion %s', async (criterion, evidence, harm) => {
    const server = new FakeExporter();
    const { report } = await watching([server], (ms) => {
      live(server);
      if (ms > 5 * MINUTE_MS) harm(server);
    });
    expect(report.rollback).toEqual([{ criterion, node: 'http://node-0', evidence }]);
    expect(report.watchedSeconds).toBeLessThanOrEqual(6 * 60);
  });

  it('continues its counts over a restart', async () => {
    const server = new FakeExporter();
    const { report, told } = await watching([server], (ms) => {
      if (ms === 10 * MINUTE_MS) server.restart(2);
      live(server);
    });
    expect(report).toMatchObject({ complete: true, rollback: [], nodes: [{ restarts: 1, unserved: 0 }] });
    expect(report.targets[0]).toMatchObject({ name: 'errors', seen: '0 %: 0 of 12000' });
    expect(missed(report)).toEqual(['starts']);
    expect(report.targets.at(-1)).toMatchObject({ seen: '1 restarts, 2 failed' });
    expect(told.filter((line) => line.startsWith('http'))).toEqual(['http://node-0 was restarted']);
  });

  it('reports undelivered messages, and a server that was unavailable for a while', async () => {
    const server = new FakeExporter();
    const { report, told } = await watching([server], (ms) => {
      live(server);
      if (ms === MINUTE_MS) server.failToTell();
      server.isReady = ms !== 15 * MINUTE_MS;
    });
    expect(missed(report)).toEqual(['untold messages', 'serving']);
    expect(report.targets.find(({ name }) => name === 'serving')).toMatchObject({ seen: 'not at 1 of 121' });
    expect(told.filter((line) => line.startsWith('http'))).toEqual([
      'http://node-0: not ready (database unreachable)',
      'http://node-0 serves again',
    ]);
  });

  it('reports a pool that is nearly full for two minutes as a missed target', async () => {
    const server = new FakeExporter();
    const { report } = await watching([server], (ms) => {
      live(server);
      server.usePool(ms > MINUTE_MS && ms <= 4 * MINUTE_MS ? 21 : 20, 0);
    });
    expect([missed(report), report.rollback]).toEqual([['pool'], []]);
    expect(report.targets.find(({ name }) => name === 'pool')!.seen).toBe(
      'at most 84 % in use, above 80 % for 3 min',
    );
  });

  it('prints a partial report when it is stopped, in which targets without traffic have no verdict', async () => {
    const { report } = await watching([new FakeExporter()], () => undefined, { cancelAtMs: 5 * MINUTE_MS });
    expect(report).toMatchObject({ ok: false, complete: false, watchedSeconds: 300, rollback: [] });
    expect(report.targets.filter(({ met }) => met === null).map(({ name }) => name)).toEqual([
      'errors',
      'delivery',
      'statements',
      'sign-ins',
    ]);
  });
});
