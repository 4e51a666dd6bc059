import type { StructuredLogger } from '../logging/structured-logger';
import { currentContext } from '../request-context';

/** A statement that takes longer than this is worth a line. */
const SLOW_MS = 1_000;

type Listener = (code: string) => void;

/** Hears of every statement of the pool: which fail, and with what; which are slow, and for whom. */
export class StatementWatch {
  private readonly listeners: Listener[] = [];
  private readonly seen = new Map<string, number>();

  constructor(private readonly logger: StructuredLogger) {}

  onFailure(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Milliseconds since a statement last failed with this SQLSTATE; undefined when none has. */
  ageOf(code: string): number | undefined {
    const at = this.seen.get(code);
    return at === undefined ? undefined : performance.now() - at;
  }

  /** Says which operation it was, never the statement: its text may be somebody's. */
  ended(durationMs: number, code: string | undefined): void {
    if (durationMs >= SLOW_MS) {
      this.logger.event('warn', 'a statement was slow', {
        operation: currentContext()?.operation ?? 'background',
        durationMs: Math.round(durationMs),
        ...(code && { code }),
      });
    }
    if (code === undefined) return;
    this.seen.set(code, performance.now());
    for (const listener of this.listeners) listener(code);
  }
}
