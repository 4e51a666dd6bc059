import type { Sample } from './prometheus-text';

/** How many observations were at most so large, by upper bound; bounds ascend, and the last one is infinite. */
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
 * The value that a share of the observations does not exceed, taken to be spread evenly within a bucket, as
 * Prometheus does; the last finite bound when it is beyond. Undefined without observations.
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
