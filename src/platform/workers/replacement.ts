import type { WorkerEnd } from './worker-process';

/** A worker that served for this long did not fail because of its start. */
const LONG_LIFE_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 8_000;
/** After this many short-lived workers in a row, no other one is started. */
const MAX_SHORT_LIVES = 5;

/** Decides when an ended worker is replaced by a new process, and when no more. */
export class Replacement {
  private shortLives = 0;

  /** @returns milliseconds until the next process is started; undefined once the command should end */
  after({ servedMs }: Pick<WorkerEnd, 'servedMs'>): number | undefined {
    this.shortLives = servedMs >= LONG_LIFE_MS ? 0 : this.shortLives + 1;
    if (this.shortLives >= MAX_SHORT_LIVES) return undefined;
    return this.shortLives === 0 ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.shortLives - 1));
  }
}
