import { isDeepStrictEqual } from 'node:util';
import type { Facts } from './facts';
import { violation, type Violation } from './violation';

/** G12: no reference dangles, and every constraint is enforced. */
export function nothingIsOrphaned(facts: Facts): Violation[] {
  return facts.audits.flatMap(({ key, value }) => [
    ...value.orphans.map((name) => violation('G12', key, `rows of ${name} point nowhere`)),
    ...value.unvalidatedConstraints.map((name) => violation('G12', key, `${name} was never validated`)),
    ...value.invalidIndexes.map((name) => violation('G12', key, `index ${name} is invalid`)),
  ]);
}

/** G15: each stored counter equals a count of the rows. */
export function countersAreRight(facts: Facts): Violation[] {
  const found = facts.audits.flatMap(({ value }) =>
    value.counters.flatMap((counters) => {
      const complain = (what: string): Violation => violation('G15', counters.conversationId, what);
      const { lastSeq, maxSeq, lastRev, maxRev, revs, distinctRevs, maxReadSeq } = counters;
      return [
        ...(lastSeq === maxSeq ? [] : [complain(`last_seq is ${lastSeq}, the last message ${maxSeq}`)]),
        ...(lastRev === maxRev ? [] : [complain(`last_rev is ${lastRev}, the last change ${maxRev}`)]),
        ...(revs === distinctRevs ? [] : [complain(`${revs} changes share ${distinctRevs} revs`)]),
        ...(maxReadSeq <= lastSeq ? [] : [complain(`somebody has read up to ${maxReadSeq} of ${lastSeq}`)]),
      ];
    }),
  );
  for (const { key, value } of facts.finals) {
    const complain = (what: string): number => found.push(violation('G15', key, `${what} (${value.userId})`));
    const unread = value.messages.filter(
      ({ seq, senderId, deletedAt }) =>
        seq > value.readSeq && senderId !== value.userId && deletedAt === null,
    ).length;
    if (value.unreadCount !== unread) complain(`${value.unreadCount} unread, counted ${unread}`);
    if (value.lastSeq !== (value.messages.at(-1)?.seq ?? 0))
      complain(`lastSeq ${value.lastSeq} is not the last`);
    if (!isDeepStrictEqual(value.lastMessage, value.messages.at(-1) ?? null))
      complain('lastMessage is not the last message');
  }
  return found;
}
