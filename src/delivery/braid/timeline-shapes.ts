import type { MessageView } from '../../features/messages/message-view';
import { isStoredId } from '../../platform/validation/field-rules';
import type { NewestPage } from './newest-pages';
import { readVersion, versionOf, type Position } from './positions';

/** How conversations are laid out in the body of a resource, and how their positions are named as versions. */
export interface Shape {
  versionOf(conversationId: string, position: Position, epoch: number): string;
  readVersion(version: string): (Position & { epoch: number; conversationId: string }) | undefined;
  /** The whole body. */
  bodyOf(pages: ReadonlyMap<string, NewestPage>): object;
  /** Where a conversation is in the body; undefined when it is all of it. */
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
 * know nothing of each other: what is current is one version of each.
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

/** Messages by their ids, so that no position shifts when something comes in between. */
export function contentOf(messages: readonly MessageView[]): object {
  return { messages: Object.fromEntries(messages.map((message) => [message.id, message])) };
}
