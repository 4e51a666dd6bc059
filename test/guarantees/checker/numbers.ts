import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../history/history';
import type { Facts } from './facts';
import { violation, type Violation } from './violation';

/** G8: a message id has one row and one `seq` in every answer and event. */
export function oneIdIsOneNumber(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const seqOf = new Map<string, number>();
  const idAt = new Map<string, string>();
  const see = (key: string, { id, seq }: Message, where: string): void => {
    const place = `${key} ${seq}`;
    if (seqOf.has(id) && seqOf.get(id) !== seq)
      found.push(violation('G8', key, `message ${id}: seq ${seqOf.get(id)}, and seq ${seq} ${where}`));
    else if (idAt.has(place) && idAt.get(place) !== id)
      found.push(violation('G8', key, `seq ${seq}: message ${idAt.get(place)}, and message ${id} ${where}`));
    seqOf.set(id, seqOf.get(id) ?? seq);
    idAt.set(place, idAt.get(place) ?? id);
  };
  for (const { key, value } of facts.finals) {
    for (const message of value.messages) see(key, message, `read by ${value.userId}`);
    const ids = new Set(value.messages.map((message) => message.id));
    if (ids.size < value.messages.length)
      found.push(violation('G8', key, `${value.userId} reads a message twice`));
  }
  for (const { key, process, message } of facts.tellings()) see(key, message, `told to ${process}`);
  return found;
}

/** G3: a conversation is numbered 1, 2, 3 … up to its head. */
export function numbersHaveNoHole(facts: Facts): Violation[] {
  return facts.finals.flatMap(({ key, value }) => {
    const hole = value.messages.findIndex((message, index) => message.seq !== index + 1);
    if (hole >= 0)
      return violation('G3', key, `seq ${value.messages[hole]!.seq} stands where ${hole + 1} belongs`);
    if (value.head.seq !== value.messages.length)
      return violation('G3', key, `the head is ${value.head.seq}, and ${value.messages.length} are there`);
    return [];
  });
}

/** G9: a message that was known to be stored before another one was first sent has the lower number. */
export function orderIsThatOfTime(facts: Facts): Violation[] {
  const knownAt = new Map<string, number>();
  for (const { t, message } of facts.tellings())
    knownAt.set(message.id, Math.min(t, knownAt.get(message.id) ?? Infinity));
  const found: Violation[] = [];
  for (const conversationId of facts.conversationIds) {
    let latest = { invokedAt: -Infinity, seq: 0 };
    for (const message of facts.messagesOf(conversationId)) {
      const known = knownAt.get(message.id) ?? Infinity;
      if (known < latest.invokedAt)
        found.push(
          violation(
            'G9',
            conversationId,
            `seq ${message.seq} was told before seq ${latest.seq} was first sent`,
          ),
        );
      const invokedAt = facts.sendingOf(conversationId, message)?.firstInvokedAt ?? -Infinity;
      if (invokedAt > latest.invokedAt) latest = { invokedAt, seq: message.seq };
    }
  }
  return found;
}

/** G10: everybody sees the same order: each connection gets each message once, ascending, and all see one history. */
export function orderIsTheSameForAll(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const last = new Map<string, number>();
  for (const { key, process, value } of facts.heard) {
    if (value.event !== 'message:created') continue;
    const listener = `${process} ${key}`;
    const before = last.get(listener) ?? 0;
    if (value.message.seq <= before)
      found.push(violation('G10', key, `${process} hears seq ${value.message.seq} after seq ${before}`));
    last.set(listener, value.message.seq);
  }
  for (const conversationId of facts.conversationIds) {
    const [first, ...others] = facts.finalsOf(conversationId);
    for (const other of others) {
      if (!isDeepStrictEqual(other.messages, first!.messages))
        found.push(
          violation('G10', conversationId, `${other.userId} and ${first!.userId} read different histories`),
        );
    }
  }
  return found;
}
