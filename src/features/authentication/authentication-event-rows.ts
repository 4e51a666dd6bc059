import { uuidv7 } from 'uuidv7';
import type { AuthenticationEvent } from './authentication-event';

/**
 * A row of `authentication_events`: `times` events happened between `firstAt` and `lastAt`, in milliseconds of
 * `performance.now()`. The database converts these into times of its own clock.
 */
export interface EventRow extends AuthenticationEvent {
  readonly id: string;
  readonly firstAt: number;
  times: number;
  lastAt: number;
}

/** Equal events within this time share rows. */
export const WINDOW_MS = 600_000;
/** So many equal successful events get a row each; the last of these rows counts the rest. */
const ROWS_OF_SUCCESSES = 20;
/** The rows in a window for rejections that name an account, and for those that name none. */
const ROWS_OF_REFUSALS = { known: 200, unknown: 50 } as const;

/**
 * Turns events into rows. However many events happen, the rows of a window are bounded. Equal rejections share one row.
 * Once the rejections have used up their rows, further ones are counted without account and address. Rejections that
 * name no account cannot use up the rows of those that do.
 */
export class AuthenticationEventRows {
  private windowEnd = -Infinity;
  private rows = new Map<string, { row: EventRow; ownRows: number }>();
  private readonly refusals = { known: 0, unknown: 0 };
  private changed = new Set<EventRow>();

  /** @param times how many such events happened */
  add(event: AuthenticationEvent, times: number, at: number): void {
    if (at >= this.windowEnd) this.beginWindow(at);
    const key = keyOf(event);
    const found = this.rows.get(key);
    const isOk = event.outcome === 'ok';
    if (found && (!isOk || found.ownRows >= ROWS_OF_SUCCESSES)) return this.count(found.row, times, at);
    if (!isOk && !this.takeRefusalRow(event)) {
      // A row without account and address is always available: there is one for each kind and outcome.
      if (event.address !== undefined || event.userId !== undefined)
        this.add({ kind: event.kind, outcome: event.outcome, requestId: event.requestId }, times, at);
      else this.begin(key, event, times, at);
      return;
    }
    this.begin(key, event, times, at, (found?.ownRows ?? 0) + 1);
  }

  /** Rows that are new, or whose counts grew, since the last call. */
  takeChanged(): EventRow[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  /** Takes back rows that could not be stored. */
  returnUnstored(rows: readonly EventRow[]): void {
    this.changed = new Set([...rows, ...this.changed]);
  }

  private begin(key: string, event: AuthenticationEvent, times: number, at: number, ownRows = 1): void {
    const row: EventRow = { ...event, id: uuidv7(), times, firstAt: at, lastAt: at };
    this.rows.set(key, { row, ownRows });
    this.changed.add(row);
  }

  private count(row: EventRow, times: number, at: number): void {
    row.times += times;
    row.lastAt = at;
    this.changed.add(row);
  }

  private takeRefusalRow({ userId }: AuthenticationEvent): boolean {
    const group = userId === undefined ? 'unknown' : 'known';
    if (this.refusals[group] >= ROWS_OF_REFUSALS[group]) return false;
    this.refusals[group]++;
    return true;
  }

  private beginWindow(at: number): void {
    this.windowEnd = at + WINDOW_MS;
    this.rows = new Map();
    this.refusals.known = this.refusals.unknown = 0;
  }
}

function keyOf({ kind, outcome, userId, address, actor, detail }: AuthenticationEvent): string {
  return JSON.stringify([kind, outcome, userId, address, actor, detail]);
}
