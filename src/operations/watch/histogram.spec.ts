import { addBuckets, bucketsOf, observationsIn, quantileOf } from './histogram';

const of = (counts: Record<string, number>) =>
  bucketsOf(Object.entries(counts).map(([le, value]) => ({ name: 'x_bucket', labels: { le }, value })));

describe('a histogram', () => {
  it('has the same quantiles as in Prometheus', () => {
    const buckets = of({ '+Inf': 100, '1': 90, '0.1': 50 });
    expect(observationsIn(buckets)).toBe(100);
    expect(quantileOf(buckets, 0.5)).toBeCloseTo(0.1);
    expect(quantileOf(buckets, 0.25)).toBeCloseTo(0.05);
    expect(quantileOf(buckets, 0.7)).toBeCloseTo(0.1 + 0.9 * 0.5);
    expect(quantileOf(buckets, 0.95)).toBe(1);
  });

  it('has no quantiles without observations', () => {
    expect(quantileOf(of({}), 0.95)).toBeUndefined();
    expect(quantileOf(of({ '1': 0, '+Inf': 0 }), 0.95)).toBeUndefined();
  });

  it('is added to another one bucket by bucket', () => {
    const sum = addBuckets(of({ '1': 1, '+Inf': 2 }), of({ '0.5': 1, '1': 3, '+Inf': 4 }));
    expect([...sum]).toEqual([
      [0.5, 1],
      [1, 4],
      [Infinity, 6],
    ]);
  });
});
