import type { Message, OutgoingMessage } from '@xfchat/client';
import { dayKey } from '../times.ts';

/** Messages of one person within this time stand under one name. */
const TOGETHER_MS = 5 * 60_000;

/** One's own message that the conversation does not hold yet, or a message of the conversation. */
export type Said = Message | OutgoingMessage;

export interface Row {
  readonly said: Said;
  /** The first of its day. */
  readonly startsDay: boolean;
  /** Somebody else spoke before, or it was a while ago. */
  readonly startsTurn: boolean;
}

export function isOutgoing(said: Said): said is OutgoingMessage {
  return 'order' in said;
}

/**
 * @param before what comes before the first of them, if that is known
 * @param outgoing one's own that are waiting; the conversation may hold some of them already
 */
export function rowsOf(
  messages: readonly Message[],
  outgoing: readonly OutgoingMessage[],
  before: Message | undefined,
  ownUserId: string,
): Row[] {
  const held = new Set(messages.map(({ id }) => id));
  const said: Said[] = [...messages, ...outgoing.filter(({ id }) => !held.has(id))];
  let previous: Said | undefined = before;
  return said.map((each) => {
    const startsDay = !previous || dayKey(previous.createdAt) !== dayKey(each.createdAt);
    const isSameSender = previous && senderOf(previous, ownUserId) === senderOf(each, ownUserId);
    const pause = previous ? Date.parse(each.createdAt) - Date.parse(previous.createdAt) : 0;
    previous = each;
    return { said: each, startsDay, startsTurn: startsDay || !isSameSender || pause > TOGETHER_MS };
  });
}

/** The message that a message answers, searched backwards: undefined if it is no answer, null if that message is not held. */
export function quotedIn(messages: readonly Message[], said: Said): Message | null | undefined {
  const { replyToId } = said;
  if (!replyToId) return undefined;
  const first = messages[0]?.seq ?? 1;
  const last = isOutgoing(said) ? messages.length : said.seq - first;
  for (let index = last - 1; index >= 0; index--) {
    if (messages[index]?.id === replyToId) return messages[index];
  }
  return null;
}

function senderOf(said: Said, ownUserId: string): string | null {
  return isOutgoing(said) ? ownUserId : said.senderId;
}
