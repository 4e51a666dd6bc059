import type { Page } from 'playwright-core';
import { until } from '../../support/until';

interface Scope {
  /** Runs out the timers of this length. Returns false if none is set. */
  endPatience: () => boolean;
}

/** Timers of one length run out only when the test says so. It applies to pages that are loaded afterwards. */
export class Patience {
  private constructor(private readonly page: Page) {}

  /** @param milliseconds the length of these timers; others are unchanged */
  static async of(page: Page, milliseconds: number): Promise<Patience> {
    await page.addInitScript((length) => {
      const held = new Map<number, () => void>();
      let last = 0;
      const [set, clear] = [window.setTimeout.bind(window), window.clearTimeout.bind(window)];
      const setHeld = (handler: () => void, after?: number): number => {
        if (after !== length) return set(handler, after);
        held.set(--last, handler);
        return last;
      };
      const clearHeld = (timer?: number): void => {
        if (!held.delete(timer ?? 0)) clear(timer);
      };
      Object.assign(window, {
        setTimeout: setHeld,
        clearTimeout: clearHeld,
        endPatience: () => {
          const waiting = [...held.values()];
          waiting.forEach((handler) => handler());
          return waiting.length > 0;
        },
      });
    }, milliseconds);
    return new Patience(page);
  }

  /** Lets all of these timers run out. Waits for the first one, because the page sets its timer after it has rendered. */
  async end(): Promise<void> {
    await until('a timer to be set', () =>
      this.page.evaluate(() => (globalThis as unknown as Scope).endPatience()),
    );
  }
}
