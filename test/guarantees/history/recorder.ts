import type { Outcome } from '../driver/device';
import type { Entry, Observation, Operation } from './history';

/** Records the history while it happens, with one clock for all clients. */
export class Recorder {
  readonly entries: Entry[] = [];
  private readonly busy = new Set<string>();
  private counts = { ok: 0, fail: 0, info: 0 };

  /** The number of acknowledged sends so far, as a measure of progress. */
  acknowledged = 0;

  /** Records an action of a process, which does one thing at a time. */
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

  /** The number of attempts by outcome, which proves that faults had an effect. */
  get outcomes(): { readonly ok: number; readonly fail: number; readonly info: number } {
    return { ...this.counts };
  }

  /** The number of rejections by code. */
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
