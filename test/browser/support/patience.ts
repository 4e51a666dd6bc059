import type { Page } from 'playwright-core';
import { until } from '../../support/until';

interface Scope {
  /** False while no timer of this length is set. */
  endPatience: () => boolean;
}

/** Timers of one length run out when the test says so, and not before. For pages that are loaded afterwards. */
export class Patience {
  private constructor(private readonly page: Page) {}

  /** @param milliseconds what the timers are set to; no others are touched */
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

  /** All that is waited for has taken too long. Waits until something is: the page sets its timer after it has rendered. */
  async end(): Promise<void> {
    await until('a timer to be set', () =>
      this.page.evaluate(() => (globalThis as unknown as Scope).endPatience()),
    );
  }
}
