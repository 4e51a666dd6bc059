import type { Outcome } from '../driver/device';
import type { Entry, Observation, Operation } from './history';

/** Writes the history down while it happens, on the one clock that all clients share. */
export class Recorder {
  readonly entries: Entry[] = [];
  private readonly busy = new Set<string>();
  private counts = { ok: 0, fail: 0, info: 0 };

  /** Sends that were acknowledged so far: a measure of progress. */
  acknowledged = 0;

  /** Does something as a process, which does one thing at a time. */
  async perform(
    process: string,
    op: Operation,
    key: string,
    value: object,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    if (this.busy.has(process)) throw new Error(`${process} does something already`);
    this.busy.add(process);
    this.add(process, op, key, 'invoke', value);
    const outcome = await work();
    this.busy.delete(process);
    this.counts[outcome.type]++;
    if (op === 'send' && outcome.type === 'ok') this.acknowledged++;
    this.add(process, op, key, outcome.type, outcome.value);
    return outcome;
  }

  observe(process: string, op: Observation, key: string, value: object): void {
    this.add(process, op, key, op === 'fault' ? 'info' : 'ok', value);
  }

  /** How attempts ended: proof that a fault has bitten. */
  get outcomes(): { readonly ok: number; readonly fail: number; readonly info: number } {
    return { ...this.counts };
  }

  /** The refusals that were given, with how often. */
  refusals(): Map<string, number> {
    const found = new Map<string, number>();
    for (const { type, value } of this.entries) {
      const code = type === 'fail' || type === 'info' ? (value?.code as string | undefined) : undefined;
      if (code) found.set(code, (found.get(code) ?? 0) + 1);
    }
    return found;
  }

  private add(process: string, op: Entry['op'], key: string, type: Entry['type'], value: unknown): void {
    this.entries.push({ t: performance.now(), process, op, key, type, value });
  }
}
