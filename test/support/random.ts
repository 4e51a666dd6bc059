import PROVEN_SEEDS from './proven-seeds.json';

/** Pseudo-random choices, which are the same for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** A number from 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.below(16).toString(16));
    digits[12] = '4';
    digits[16] = '8';
    return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  /** An independent generator, for example for each worker: choices of others do not change it. */
  fork(name: string | number): Random {
    let state = this.state;
    for (const letter of String(name)) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193);
    return new Random(state ^ 0x9e3779b9);
  }
}

/**
 * The seed of this run: `SEED`, or else one with which every test has passed. The nightly run sets a new one.
 * `repeat-reporter.js` prints the seed below a failure.
 */
export const SEED = Number(process.env.SEED ?? PROVEN_SEEDS[0]);

/**
 * Several seeds, for quick tests; by default the proven ones. With `SEEDS`, that many seeds from `SEED` on; with `SEED` alone,
 * this one.
 */
export const SEEDS: readonly number[] =
  (process.env.SEED ?? process.env.SEEDS)
    ? Array.from({ length: Number(process.env.SEEDS ?? 1) }, (_, index) => SEED + index)
    : PROVEN_SEEDS;
