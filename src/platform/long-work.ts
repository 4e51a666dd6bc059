import { setImmediate } from 'node:timers/promises';

/** Work of this length on the thread causes no noticeable delay. */
const TURN_MS = 10;

/** Long work on the thread. Between its parts it lets other work run. */
export class LongWork {
  private since = performance.now();

  /** Call it between parts that take a few milliseconds each. */
  async pause(): Promise<void> {
    if (performance.now() - this.since < TURN_MS) return;
    await setImmediate();
    this.since = performance.now();
  }
}
