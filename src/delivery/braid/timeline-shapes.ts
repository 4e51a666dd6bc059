import type { MessageView } from '../../features/messages/message-view';
import { isStoredId } from '../../platform/validation/field-rules';
import type { NewestPage } from './newest-pages';
import { readVersion, versionOf, type Position } from './positions';

/** The layout of conversations in the body of a resource, and the names of their positions as versions. */
export interface Shape {
  versionOf(conversationId: string, position: Position, epoch: number): string;
  readVersion(version: string): (Position & { epoch: number; conversationId: string }) | undefined;
  /** The whole body. */
  bodyOf(pages: ReadonlyMap<string, NewestPage>): object;
  /** The range of a conversation in the body; undefined when it is the whole body. */
  rangeOf(conversationId: string): string | undefined;
  messageRangeOf(conversationId: string, messageId: string): string;
}

/** `{messages: {<id>: Message}}`; versions are `<seq>.<rev>`. */
export const timelineOf = (conversationId: string): Shape => ({
  versionOf: (_id, position, epoch) => versionOf(position, epoch),
  readVersion(version) {
    const position = readVersion(version);
    return position && { ...position, conversationId };
  },
  bodyOf: (pages) => contentOf(pages.get(conversationId)?.messages ?? []),
  rangeOf: () => undefined,
  messageRangeOf: (_id, messageId) => `.messages["${messageId}"]`,
});

const PLACED = /^([0-9a-f-]{36})\.(.+)$/;

/**
 * `{conversations: {<id>: {messages: {<id>: Message}}}}`; versions are `<conversation id>.<seq>.<rev>`. Conversations
 * are independent, so the current state has one version of each.
 */
export const TIMELINE_OF_ALL: Shape = {
  versionOf: (id, position, epoch) => `${id}.${versionOf(position, epoch)}`,
  readVersion(version) {
    const [, conversationId, rest] = PLACED.exec(version) ?? [];
    const position = rest === undefined ? undefined : readVersion(rest);
    return position && isStoredId(conversationId) ? { ...position, conversationId } : undefined;
  },
  bodyOf: (pages) => ({
    conversations: Object.fromEntries([...pages].map(([id, { messages }]) => [id, contentOf(messages)])),
  }),
  rangeOf: (id) => `.conversations["${id}"]`,
  messageRangeOf: (id, messageId) => `.conversations["${id}"].messages["${messageId}"]`,
};

/** Messages are keyed by id, so that no position shifts when another one is inserted. */
export function contentOf(messages: readonly MessageView[]): object {
  return { messages: Object.fromEntries(messages.map((message) => [message.id, message])) };
}
