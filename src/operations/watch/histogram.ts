import type { Sample } from './prometheus-text';

/** The number of observations up to each upper bound. Bounds ascend, and the last one is infinite. */
export type Buckets = ReadonlyMap<number, number>;

export function bucketsOf(samples: readonly Sample[]): Buckets {
  const counts = new Map<number, number>();
  for (const { labels, value } of samples) {
    const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

export function addBuckets(a: Buckets, b: Buckets): Buckets {
  const counts = new Map(a);
  for (const [bound, count] of b) counts.set(bound, (counts.get(bound) ?? 0) + count);
  return new Map([...counts].sort(([first], [second]) => first - second));
}

export const observationsIn = (buckets: Buckets): number => buckets.get(Infinity) ?? 0;

/**
 * The quantile. As in Prometheus, it assumes an even spread within a bucket, and gives the last finite bound for a
 * quantile beyond it. Undefined without observations.
 */
export function quantileOf(buckets: Buckets, share: number): number | undefined {
  const rank = observationsIn(buckets) * share;
  if (rank === 0) return undefined;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
