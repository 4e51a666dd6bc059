import { BulkheadFullError, FairBulkhead } from './fair-bulkhead';

/** Work that the test ends, and the order in which it began. */
class Bench {
  readonly begun: string[] = [];
  readonly refused: string[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  private readonly ends: (() => void)[] = [];

  constructor(private readonly bulkhead: FairBulkhead) {}

  bring(key: string, name: string): void {
    const work = async (): Promise<void> => {
      this.begun.push(name);
      this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
      await new Promise<void>((resolve) => this.ends.push(resolve));
      this.atOnce--;
    };
    this.bulkhead.run(key, work).catch((error: unknown) => {
      if (!(error instanceof BulkheadFullError)) throw error;
      this.refused.push(name);
    });
  }

  async endOne(): Promise<void> {
    this.ends.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async endAll(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.ends.length > 0) await this.endOne();
  }
}

describe('a fair bulkhead', () => {
  it('never exceeds its limit, and runs everything that it accepts', async () => {
    const bench = new Bench(
      new FairBulkhead({ atOnce: 2, waitingPerKey: 10, waiting: 20, waitingMs: 60_000 }),
    );
    for (let n = 0; n < 12; n++) bench.bring('a', `a${n}`);
    await bench.endAll();
    expect(bench.mostAtOnce).toBe(2);
    expect(bench.begun).toEqual(Array.from({ length: 12 }, (_, n) => `a${n}`));
  });

  it('gives a client with one task the next turn before a client with many', async () => {
    const bench = new Bench(
      new FairBulkhead({ atOnce: 1, waitingPerKey: 100, waiting: 200, waitingMs: 60_000 }),
    );
    for (let n = 0; n < 100; n++) bench.bring('many', `m${n}`);
    bench.bring('one', 'the only one');
    await bench.endOne();
    await bench.endOne();
    expect(bench.begun).toContain('the only one');
    await bench.endAll();
  });

  it('rejects work that exceeds the queue of a key', async () => {
    const bench = new Bench(
      new FairBulkhead({ atOnce: 1, waitingPerKey: 3, waiting: 20, waitingMs: 60_000 }),
    );
    for (let n = 0; n < 6; n++) bench.bring('a', `a${n}`);
    bench.bring('b', 'b0');
    await bench.endAll();
    expect(bench.refused).toEqual(['a4', 'a5']);
    expect(bench.begun).toContain('b0');
  });

  it('drops work of the longest queue when it is full, and of no shorter one', async () => {
    const bench = new Bench(
      new FairBulkhead({ atOnce: 1, waitingPerKey: 10, waiting: 4, waitingMs: 60_000 }),
    );
    for (let n = 0; n < 5; n++) bench.bring('a', `a${n}`);
    bench.bring('b', 'b0');
    bench.bring('c', 'c0');
    bench.bring('d', 'd0');
    bench.bring('e', 'e0');
    await bench.endAll();
    expect(bench.refused.sort()).toEqual(['a2', 'a3', 'a4', 'e0']);
    expect(bench.begun.sort()).toEqual(['a0', 'a1', 'b0', 'c0', 'd0']);
  });

  it('rejects work that has waited too long when its turn comes, and runs later work', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    const bench = new Bench(
      new FairBulkhead({ atOnce: 1, waitingPerKey: 10, waiting: 20, waitingMs: 1_000 }),
    );
    for (const name of ['a0', 'a1', 'a2']) bench.bring('a', name);
    now.mockReturnValue(1_001);
    bench.bring('b', 'b0');
    await bench.endAll();
    now.mockRestore();
    expect(bench.refused).toEqual(['a1', 'a2']);
    expect(bench.begun).toEqual(['a0', 'b0']);
  });

  it('frees the slot of work that fails', async () => {
    const bulkhead = new FairBulkhead({ atOnce: 1, waitingPerKey: 1, waiting: 1, waitingMs: 60_000 });
    const failure = new Error('it failed');
    await expect(bulkhead.run('a', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await bulkhead.run('a', async () => 'done')).toBe('done');
    expect(bulkhead.waiting).toBe(0);
  });
});
