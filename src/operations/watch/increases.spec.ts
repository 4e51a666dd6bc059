import { Increases } from './increases';
import type { Sample } from './prometheus-text';

const scrape = (startedAt: number, counts: Record<string, number>): Sample[] => [
  { name: 'process_start_time_seconds', labels: {}, value: startedAt },
  ...Object.entries(counts).map(([code, value]) => ({ name: 'problems_total', labels: { code }, value })),
];
const gained = (increases: Increases, samples: Sample[]): Record<string, number> =>
  Object.fromEntries(
    increases
      .since(samples)
      .samples.filter(({ name }) => name === 'problems_total')
      .map(({ labels, value }) => [labels.code, value]),
  );

describe('the increase of counters', () => {
  it('is nothing at first, and then the added count, by label', () => {
    const increases = new Increases();
    expect(gained(increases, scrape(1, { a: 100, b: 7 }))).toEqual({});
    expect(gained(increases, scrape(1, { a: 103, b: 7, c: 2 }))).toEqual({ a: 3, b: 0, c: 2 });
    expect(gained(increases, scrape(1, { a: 103, b: 9, c: 2 }))).toEqual({ a: 0, b: 2, c: 0 });
  });

  it('is the whole count after a restart, also when it exceeds that of the old process', () => {
    const increases = new Increases();
    increases.since(scrape(1, { a: 5 }));
    expect(increases.since(scrape(1, { a: 6 })).restarted).toBe(false);
    const { restarted, samples } = increases.since(scrape(2, { a: 8, b: 1 }));
    expect(restarted).toBe(true);
    expect(samples.slice(1).map(({ value }) => value)).toEqual([8, 1]);
    expect(gained(increases, scrape(2, { a: 9, b: 1 }))).toEqual({ a: 1, b: 0 });
  });

  it('is never negative', () => {
    const increases = new Increases();
    increases.since(scrape(1, { a: 5 }));
    expect(gained(increases, scrape(1, { a: 2 }))).toEqual({ a: 2 });
  });
});
