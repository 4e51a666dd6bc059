import { isDeepStrictEqual } from 'node:util';
import type { Heard, Message } from '../history/history';
import type { Absence, Facts } from './facts';
import { violation, type Violation } from './violation';

/** G4: the events and catch-ups of a client make up the history. */
export function clientsHaveEverything(facts: Facts): Violation[] {
  return facts.views.flatMap(({ key, process, value }) => {
    const stored = facts.messagesOf(key);
    const held = new Map(value.messages.map((message) => [message.seq, message]));
    const missing = stored.filter((message) => !held.has(message.seq));
    const stale = stored.filter(
      (message) => held.has(message.seq) && !isDeepStrictEqual(held.get(message.seq), message),
    );
    const places = new Set(stored.map((message) => message.seq));
    const surplus = value.messages.filter((message) => !places.has(message.seq));
    const problems: [string, readonly Message[]][] = [
      ['lacks', missing],
      ['has an older state or another message at', stale],
      ['holds what is not stored at', surplus],
    ];
    return problems.flatMap(([what, messages]) =>
      messages.length === 0
        ? []
        : violation(
            'G4',
            key,
            `${process} ${what} seq ${messages
              .map(({ seq }) => seq)
              .slice(0, 10)
              .join(', ')}`,
          ),
    );
  });
}

/**
 * G6: once a removal is acknowledged, the removed user receives nothing of the conversation, and nothing of theirs
 * reaches it. The time of the first attempt counts, because two connections of one client may race.
 */
export function nobodyOutsideHears(facts: Facts): Violation[] {
  const absences = new Map<string, Absence[]>();
  const absent = (userId: string, key: string, from: number, to: number): boolean => {
    const name = `${userId} ${key}`;
    const known = absences.get(name) ?? facts.absencesOf(userId, key);
    absences.set(name, known);
    return known.some((absence) => absence.from < from && to < absence.to);
  };
  const triedAt = firstTries(facts);
  const found: Violation[] = [];
  for (const { t, key, process, value } of facts.heard) {
    const origin = triedAt(key, value);
    if (origin !== undefined && absent(value.userId, key, origin, t))
      found.push(
        violation('G6', key, `${process}, who does not participate, hears seq ${value.message.seq}`),
      );
  }
  for (const { op, key, process, input, type, output, invokedAt, endedAt } of facts.attempts) {
    if (type !== 'ok' || !['send', 'edit', 'delete', 'sync'].includes(op)) continue;
    if (op === 'sync' && !output.messages) continue; // the answer says that it is gone, or that the client must restart
    if (absent(input.userId, key, invokedAt, endedAt))
      found.push(violation('G6', key, `${process}, who does not participate, may ${op}`));
  }
  return found;
}

/** The time at which anybody first attempted the change that an event reports. */
function firstTries(facts: Facts): (key: string, heard: Heard) => number | undefined {
  const first = new Map<string, number>();
  for (const { op, input, invokedAt } of facts.attempts) {
    const name =
      op === 'edit' ? `version ${input.version}` : op === 'delete' ? `delete ${input.messageId}` : '';
    if (name) first.set(name, Math.min(invokedAt, first.get(name) ?? Infinity));
  }
  return (key, { event, message }) => {
    if (event === 'message:created') return facts.sendingOf(key, message)?.firstInvokedAt;
    return first.get(event === 'message:updated' ? `version ${message.version}` : `delete ${message.id}`);
  };
}
