import type { ConversationView, MessageDraft } from './types.ts';
import { XFChatError } from './problem.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A dot segment. A URL parser resolves it, and treats `%2e` as a dot. */
const DOT_SEGMENT = /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i;

/** Whether the value is a UUID in lower case, as the server writes it. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/**
 * @param what the name of the value in the error message, such as `The id of a conversation`
 * @returns the id in lower case, as the server writes it
 * @throws XFChatError `validation-failed`
 */
export function parseId(what: string, value: unknown): string {
  const id = typeof value === 'string' ? value.toLowerCase() : value;
  if (isId(id)) return id;
  throw XFChatError.invalid(`${what} must be a UUID, not ${shown(value)}.`);
}

/**
 * @returns the address without a slash at its end
 * @throws XFChatError `validation-failed`
 */
export function parseServerUrl(value: unknown): string {
  const url = typeof value === 'string' ? tryUrl(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash)
    throw XFChatError.invalid(
      `\`url\` must be the whole address of the server, such as https://chat.example.org, not ${shown(value)}.`,
    );
  return url.href.replace(/\/+$/, '');
}

/**
 * Checks that a path reaches the route it names. A URL parser would resolve dot segments before the request is sent.
 * @throws XFChatError `validation-failed`
 */
export function parsePath(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/'))
    throw XFChatError.invalid(`A path must begin with a slash, such as /friends, not ${shown(value)}.`);
  if (DOT_SEGMENT.test(value.split(/[?#]/, 1)[0]!))
    throw XFChatError.invalid(`A path must not contain the segments . or .., as ${shown(value)} does.`);
  return value;
}

/** @throws XFChatError `validation-failed` */
export function parseDraft(message: unknown): MessageDraft & { readonly id?: string } {
  const draft = (typeof message === 'string' ? { body: message } : message) as
    (MessageDraft & { readonly id?: string }) | null | undefined;
  if (typeof draft !== 'object' || draft === null || typeof draft.body !== 'string')
    throw XFChatError.invalid(
      `A message must be a text or an object with a \`body\`, not ${shown(message)}.`,
    );
  return {
    ...draft,
    ...(draft.id !== undefined && { id: parseId('The id of a message', draft.id) }),
    ...(draft.replyToId !== undefined && { replyToId: parseId('`replyToId`', draft.replyToId) }),
  };
}

/** Whether an answer is the requested conversation. A proxy may have answered instead of the server. */
export function isViewOf(id: string, value: unknown): value is ConversationView {
  const view = value as Partial<ConversationView> | null | undefined;
  return view?.id === id && Number.isInteger(view.lastSeq) && Number.isInteger(view.lastRev);
}

function tryUrl(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value;
