import { setImmediate } from 'node:timers/promises';

/** Work of this length on the thread delays nobody noticeably. */
const TURN_MS = 10;

/** Work that takes the thread for long. Between its parts it lets others have their turn. */
export class LongWork {
  private since = performance.now();

  /** To be called between parts that take a few milliseconds each. */
  async pause(): Promise<void> {
    if (performance.now() - this.since < TURN_MS) return;
    await setImmediate();
    this.since = performance.now();
  }
}
