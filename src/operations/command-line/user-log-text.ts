import type { LoggedEvent } from '../../features/authentication/authentication-log.queries';
import { foreign } from '../../platform/logging/foreign-text';
import { aligned } from './table';

export function eventLines(events: readonly LoggedEvent[]): string[] {
  if (events.length === 0) return ['no authentication events'];
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
    foreign(event.username ?? event.userId ?? ''),
    foreign(event.address ?? ''),
    foreign(event.requestId ?? ''),
    foreign(notes.filter(Boolean).join('; ')),
  ];
}
