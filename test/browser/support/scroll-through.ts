/** The observations during a scroll through a conversation. */
export interface Passage {
  /** Messages that were in a wrong place after a step. */
  readonly jumps: string[];
  readonly mostRows: number;
  readonly mostElements: number;
  /** The texts of the first and the last rendered message at the end. */
  readonly first: string;
  readonly last: string;
}

/**
 * Scrolls to the beginning of a conversation, or to its end, in steps of this many pixels. A visible row must be
 * exactly one step further afterwards, whatever rows are added on one side or removed on the other. Runs in the
 * page.
 */
export async function scrollThrough(step: number): Promise<Passage> {
  const list = document.querySelector<HTMLElement>('.messages')!;
  const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => resolve()));
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('[data-id]')];
  const text = (row: HTMLElement): string => row.querySelector<HTMLElement>('.text')!.innerText;
  const top = (row: HTMLElement): number => row.getBoundingClientRect().top;
  const isThere = (): boolean =>
    step < 0
      ? list.scrollTop === 0 && list.innerText.includes('This is where the conversation begins.')
      : document.querySelector('.to-end') === null;
  const jumps: string[] = [];
  let [mostRows, mostElements] = [0, 0];
  const deadline = performance.now() + 100_000;
  while (!isThere() && performance.now() < deadline) {
    // Skip the first row: it loses its name and the line of its day once an earlier message is loaded.
    const { top: upper, bottom: lower } = list.getBoundingClientRect();
    const inSight = rows().filter((row, index) => index > 0 && top(row) > upper && top(row) < lower);
    const seen = step < 0 ? inSight[0]! : inSight.at(-1)!;
    const [before, scrolledFrom] = [top(seen), list.scrollTop];
    list.scrollTop += step;
    const moved = scrolledFrom - list.scrollTop;
    await frame();
    await frame();
    mostRows = Math.max(mostRows, rows().length);
    mostElements = Math.max(mostElements, document.getElementsByTagName('*').length);
    const after = seen.isConnected ? top(seen) : Number.NaN;
    if (Math.abs(after - before - moved) > 2 || Number.isNaN(after))
      jumps.push(`${text(seen).slice(0, 20)}: from ${before} to ${after}, scrolled by ${moved}`);
  }
  return { jumps, mostRows, mostElements, first: text(rows()[0]!), last: text(rows().at(-1)!) };
}
