import { AsyncLocalStorage } from 'node:async_hooks';

interface Held {
  readonly events: readonly object[];
  /** Runs in the context of the request that the events belong to. */
  readonly inContext: <T>(work: () => T) => T;
  readonly told: () => void;
}

/**
 * The log may show a commit before its own connection answers. A commit that takes longer lost its answer. The limit is
 * for all rows of a look.
 */
const COMMIT_ANSWER_MS = 100;

/** Events of this server that wait for their place in the log: other servers may have written before them. */
export class HeldEvents {
  private readonly byRow = new Map<number, Held>();
  private withoutRow: Held[] = [];
  private readonly expected = new Map<number, () => void>();

  get size(): number {
    return this.byRow.size + this.withoutRow.length;
  }

  /**
   * Resolves once the events were published. @param rowId undefined for events that are in no log; they follow the next
   * look
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

  /** The time until which one look waits for answers to commits. */
  patience(): number {
    return performance.now() + COMMIT_ANSWER_MS;
  }

  /** @returns whether the answer to the commit of a row has come, at once or by then */
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

  /** Nobody is there any more who could be told. */
  drop(): void {
    for (const { told } of [...this.byRow.values(), ...this.withoutRow]) told();
    this.byRow.clear();
    this.withoutRow = [];
  }
}
