import type { LoggedEvent } from '../authentication/authentication-log.queries';
import { aligned } from './table';

export function eventLines(events: readonly LoggedEvent[]): string[] {
  if (events.length === 0) return ['there are none'];
  return aligned(
    [['time', 'event', 'outcome', 'account', 'address', 'request', ''], ...events.map(rowOf)],
    '',
  );
}

export function eventsAsJson(events: readonly LoggedEvent[]): object[] {
  return events.map((event) => ({
    ...event,
    at: event.at.toISOString(),
    lastAt: event.lastAt.toISOString(),
  }));
}

function rowOf(event: LoggedEvent): string[] {
  const notes = [
    event.detail,
    event.actor && `by ${event.actor}`,
    event.times > 1 && `${event.times} times until ${event.lastAt.toISOString()}`,
  ];
  return [
    event.at.toISOString(),
    event.kind,
    event.outcome,
    event.username ?? event.userId ?? '',
    event.address ?? '',
    event.requestId ?? '',
    inOneLine(notes.filter(Boolean).join('; ')),
  ];
}

/** Other people's text: nothing in it may move the cursor of a terminal or turn its text around. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
