import { call } from '../support/api';
import { FaultBench } from '../support/fault-bench';
import type { FaultId } from '../support/fault-matrix';
import type { FaultMode } from '../support/fault-proxy';
import { until } from '../support/until';

describe('the network between the server and its database', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start();
  }, 60_000);
  afterAll(() => bench.close());

  it.each<[FaultId, FaultMode, RegExp]>([
    ['F04', 'refuse', /^unreachable$/],
    ['F05', 'blackhole', /^(timeout|unreachable)$/],
    ['F06', 'stall', /^(timeout|unreachable)$/],
    ['F07', 'swallow-replies', /^(timeout|unreachable)$/],
  ])('%s: %s', async (id, mode, reason) => {
    const statuses = bench.statuses.length;
    const swallowed = bench.proxy.swallowedReplies;
    const verdict = await bench.through(id, {
      begin: () => bench.proxy.set(mode),
      meanwhile: async () => {
        await bench.unready();
        await bench.refusals(40);
      },
      end: () => {
        if (mode === 'swallow-replies') bench.proxy.resetAll();
        bench.proxy.set('pass');
      },
    });
    await bench.expectWhole(verdict);
    for (const given of verdict.ready) expect(given).toMatch(reason);
    expect(bench.statuses.slice(statuses)).toEqual(['degraded', 'ok']);
    expect(bench.load.refusals.get('temporarily-unavailable')).toBeGreaterThan(0);
    if (mode === 'swallow-replies') {
      expect(bench.proxy.swallowedReplies).toBeGreaterThan(swallowed);
      expect(bench.load.refusals.get('outcome-unknown')).toBeGreaterThan(0);
    }
  });

  it('F08: everything takes longer', async () => {
    const inside = async (): Promise<{ pingMs: number; busy: number }> => {
      const { database, pool } = (await call(bench.server.url, 'GET', '/health')).body.details;
      return { pingMs: database.pingMs, busy: pool.total - pool.idle };
    };
    bench.beginLoad();
    await until('some load', () => bench.load.acknowledged.size > 50);
    bench.looks.length = 0;
    bench.proxy.set('delay');
    const slow = await until('the delay to be measured', async () => {
      const found = await inside();
      return found.pingMs >= 240 && found.busy >= 2 && found;
    });
    const target = bench.load.acknowledged.size + 50;
    await until('messages to be stored none the less', () => bench.load.acknowledged.size > target, 30_000);
    bench.proxy.set('pass');
    bench.load.mark();
    const recoveryMs = await until('recovery', () => bench.load.recoveryMs);
    await until('the ping to be short again', async () => (await inside()).pingMs < 100);
    const verdict = await bench.conclude('F08', bench.looks.splice(0), recoveryMs, [
      'all, a ping in > 240 ms',
    ]);
    expect(slow.pingMs).toBeGreaterThanOrEqual(240);
    expect([...bench.load.refusals]).toEqual([]);
    expect(verdict.ready).toEqual(['green']);
    await bench.expectWhole(verdict);
  });
});
