import { AsyncLocalStorage } from 'node:async_hooks';

interface Held {
  readonly events: readonly object[];
  /** Runs in the context of the request that the events belong to. */
  readonly inContext: <T>(work: () => T) => T;
  readonly told: () => void;
}

/**
 * The log may show a commit before the connection of the commit has answered. After this time, the answer is
 * considered lost. The limit is for all rows of one read.
 */
const COMMIT_ANSWER_MS = 100;

/**
 * Events of this server that wait for their position in the log, since other servers may have written earlier
 * ones.
 */
export class HeldEvents {
  private readonly byRow = new Map<number, Held>();
  private withoutRow: Held[] = [];
  private readonly expected = new Map<number, () => void>();

  get size(): number {
    return this.byRow.size + this.withoutRow.length;
  }

  /**
   * Resolves once the events were published. @param rowId undefined for events that are not in the log; they
   * are published after the next read
   */
  hold(events: readonly object[], rowId: number | undefined): Promise<void> {
    return new Promise((told) => {
      const held = { events, inContext: AsyncLocalStorage.snapshot(), told };
      if (rowId === undefined) this.withoutRow.push(held);
      else {
        this.byRow.set(rowId, held);
        this.expected.get(rowId)?.();
      }
    });
  }

  /** The time until which one read of the log waits for answers to commits. */
  patience(): number {
    return performance.now() + COMMIT_ANSWER_MS;
  }

  /** @returns whether the answer to the commit of a row arrives by `latest` */
  async expect(rowId: number, latest: number): Promise<boolean> {
    if (this.byRow.has(rowId)) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, latest - performance.now()));
      this.expected.set(rowId, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.expected.delete(rowId);
    return this.byRow.has(rowId);
  }

  take(rowId: number): Held | undefined {
    const held = this.byRow.get(rowId);
    this.byRow.delete(rowId);
    return held;
  }

  takeWithoutRow(): Held | undefined {
    return this.withoutRow.shift();
  }

  /** Drops all held events: no client is connected any more. */
  drop(): void {
    for (const { told } of [...this.byRow.values(), ...this.withoutRow]) told();
    this.byRow.clear();
    this.withoutRow = [];
  }
}
