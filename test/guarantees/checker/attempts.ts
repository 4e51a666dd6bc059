import type { Entry, Operation } from '../history/history';

/** An attempt, and its outcome as far as its process knows. */
export interface Attempt {
  readonly process: string;
  readonly op: Operation;
  readonly key: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- payloads have every shape, as in the history
  readonly input: any;
  readonly invokedAt: number;
  /** The time at which its outcome was known; Infinity if it never was. */
  readonly endedAt: number;
  /** An attempt without an end has an unknown outcome. */
  readonly type: 'ok' | 'fail' | 'info';
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- payloads have every shape, as in the history
  readonly output: any;
}

const OBSERVATIONS: readonly string[] = ['hear', 'view', 'final', 'audit', 'fault'];

/**
 * Pairs the beginning of each attempt with its end.
 * @throws Error if a process ends an attempt that it has not begun, or begins two at a time
 */
export function attemptsOf(history: readonly Entry[]): Attempt[] {
  const open = new Map<string, Entry>();
  const attempts: Attempt[] = [];
  const close = (begin: Entry, end?: Entry): void => {
    attempts.push({
      process: begin.process,
      op: begin.op as Operation,
      key: begin.key,
      input: begin.value,
      invokedAt: begin.t,
      endedAt: end?.t ?? Infinity,
      type: end ? (end.type as Attempt['type']) : 'info',
      output: end?.value,
    });
  };
  for (const entry of history) {
    if (OBSERVATIONS.includes(entry.op)) continue;
    const begin = open.get(entry.process);
    if (entry.type === 'invoke') {
      if (begin) throw new Error(`malformed history: ${entry.process} does two things at a time`);
      open.set(entry.process, entry);
    } else {
      if (begin?.op !== entry.op || begin.key !== entry.key)
        throw new Error(`malformed history: ${entry.process} ends a ${entry.op} that it has not begun`);
      open.delete(entry.process);
      close(begin, entry);
    }
  }
  for (const begin of open.values()) close(begin);
  return attempts.sort((a, b) => a.invokedAt - b.invokedAt);
}
