import { TokenBuckets } from './token-buckets';

describe('token buckets', () => {
  it('allow the burst at once and then one at a time, by key', () => {
    let now = 0;
    const buckets = new TokenBuckets({ burst: 3, perSecond: 0.5 }, () => now);
    expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 0]);
    expect(buckets.take('a')).toBe(2);
    expect(buckets.take('b')).toBe(0);
    now = 2_000;
    expect(buckets.take('a')).toBe(0);
    expect(buckets.take('a')).toBe(2);
  });

  it('never hold more than the burst', () => {
    let now = 0;
    const buckets = new TokenBuckets({ burst: 2, perSecond: 100 }, () => now);
    buckets.take('a');
    now = 1_000_000;
    expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 1]);
  });
});
