import type { Random } from '../../support/random';

export type FaultName =
  | 'kill server' // kill -9, and start it again
  | 'stop server' // as an operator does, and start it again
  | 'kill database' // kill -9 of everything of it
  | 'cut link' // every connection over it is reset; new ones go through
  | 'lose replies of link' // requests get through, answers do not; then it is cut
  | 'back up database'
  | 'restore database'; // from the previous backup, under a new epoch

/** A fault, and its time in seconds from the beginning. */
export interface Step {
  readonly at: number;
  readonly fault: FaultName;
  /** The number of the server or link, from 1. */
  readonly number: number;
}

const LINE =
  /^at (\d+(?:\.\d+)?) s: ((?:kill|stop) server|(?:kill|back up|restore) database|(?:cut|lose replies of) link)(?: (\d+))?$/;

/**
 * Parses a schedule with one step per line: `at 3 s: kill server 1`.
 * @throws Error for any other line
 */
export function parseSchedule(text: string): Step[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, at, fault, number] = LINE.exec(line) ?? [];
      if (!at) throw new Error(`not a step of a schedule: ${line}`);
      return { at: Number(at), fault: fault as FaultName, number: Number(number ?? 1) };
    });
}

export const formatSchedule = (steps: readonly Step[]): string =>
  steps.map(({ at, fault, number }) => `at ${at} s: ${fault} ${number}`).join('\n');

/**
 * Faults at random moments, `everySeconds` apart on average, on randomly chosen servers or links. Each
 * fault occurs before one occurs again, so that a schedule with room for all of them contains all of them.
 */
export function randomSchedule(
  random: Random,
  count: number,
  everySeconds: number,
  faults: readonly (readonly [fault: FaultName, numbers: number])[],
): Step[] {
  let at = 0;
  let left: (typeof faults)[number][] = [];
  return Array.from({ length: count }, () => {
    at += random.between(0.5, 1.5) * everySeconds;
    if (left.length === 0) left = [...faults];
    const [[fault, numbers]] = left.splice(random.below(left.length), 1) as [(typeof faults)[number]];
    return { at: Math.round(at * 100) / 100, fault, number: 1 + random.below(numbers) };
  });
}
