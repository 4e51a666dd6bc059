import type { Message, OutgoingMessage } from '@xfchat/client';
import { dayKey } from '../times.ts';

/** Messages of one sender within this time share one name line; in milliseconds. */
const TOGETHER_MS = 5 * 60_000;

/** A message of the conversation, or an own message that the conversation does not hold yet. */
export type Said = Message | OutgoingMessage;

export interface Row {
  readonly said: Said;
  /** Whether it is the first message of its day. */
  readonly startsDay: boolean;
  /** Whether the previous message is of another sender, or older than `TOGETHER_MS`. */
  readonly startsTurn: boolean;
}

export function isOutgoing(said: Said): said is OutgoingMessage {
  return 'order' in said;
}

/**
 * @param outgoing own messages that are waiting; the conversation may hold some of them already
 * @param before the message before the first one, if it is known
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

/** Finds the message that `said` replies to, backwards. @returns undefined if it is no reply, null if it is not held */
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
