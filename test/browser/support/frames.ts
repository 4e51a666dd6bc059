import type { Page } from 'playwright-core';

/** The rendering of a page while it was observed. */
export interface Frames {
  /** The times from each frame to the next, in milliseconds, ascending. */
  readonly intervals: readonly number[];
  /**
   * The processor time of each task of the page, in milliseconds, ascending. It delays frames independently of
   * other load on the machine.
   */
  readonly tasks: readonly number[];
  readonly mostRows: number;
  readonly mostElements: number;
}

interface Watching {
  watched: { intervals: number[]; mostRows: number; mostElements: number };
  stopWatching: () => void;
}

/** Observes the rendering of a page. @returns a function that stops this and returns the result */
export async function watchFrames(page: Page): Promise<() => Promise<Frames>> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await page.evaluate(() => {
    const scope = globalThis as unknown as Watching;
    const watched = { intervals: [] as number[], mostRows: 0, mostElements: 0 };
    let before = performance.now();
    let request = requestAnimationFrame(function frame(now) {
      watched.intervals.push(now - before);
      before = now;
      watched.mostRows = Math.max(watched.mostRows, document.querySelectorAll('[data-id]').length);
      watched.mostElements = Math.max(watched.mostElements, document.getElementsByTagName('*').length);
      request = requestAnimationFrame(frame);
    });
    scope.watched = watched;
    scope.stopWatching = () => cancelAnimationFrame(request);
  });
  return async () => {
    const watched = await page.evaluate(() => {
      const scope = globalThis as unknown as Watching;
      scope.stopWatching();
      return scope.watched;
    });
    watched.intervals.sort((a, b) => a - b);
    return { ...watched, tasks: tasksOfPage(await browser.stopTracing()) };
  };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, in microseconds. */
  readonly tdur?: number;
}

/** The events of the thread that lays out the page. */
function tasksOfPage(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const layout = traceEvents.findLast(({ name }) => name === 'Layout');
  return traceEvents
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && pid === layout?.pid && tid === layout.tid)
    .map(({ tdur = 0 }) => tdur / 1_000)
    .sort((a, b) => a - b);
}
