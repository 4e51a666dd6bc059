import { XFChatError } from '@xfchat/client';

/** The name of an erased user. */
export const ERASED_NAME = 'Erased account';

/** Texts for users in place of the server's, which are for programmers. */
const WORDS: Readonly<Record<string, string>> = {
  'not-connected': 'There is no connection to the server right now.',
  unreachable: 'The server did not answer. Look at your connection, and try again.',
  'invalid-credentials': 'Wrong username or password.',
  'username-taken': 'Somebody else has this username already.',
  'account-disabled': 'This account is disabled. Ask the people who run this server.',
  'registration-closed': 'Nobody can make an account on this server.',
  'invitation-required': 'You need an invitation to make an account here.',
  'invitation-invalid': 'This invitation does not work (any more). Ask for another one.',
  'password-reset-invalid': 'This link does not work (any more). Ask for another one.',
  'rate-limited': 'That was a little fast. Wait a moment, and try again.',
  maintenance: 'The server is being maintained: you can read, but nothing can be changed right now.',
  'temporarily-unavailable':
    'The server cannot reach its data right now. Nothing was changed; try again soon.',
  'database-busy': 'The server is very busy right now. Nothing was changed; try again soon.',
  'storage-full': 'The server has no room left: you can read, but nothing can be changed right now.',
  'database-read-only': 'You can read, but nothing can be changed right now.',
  draining: 'The server is being restarted. Try again in a moment.',
  'outcome-unknown': 'The server did not say whether that was done. Look, and try again if it was not.',
  'session-revoked': 'You were signed out, on another device or by the server.',
  'account-erased': 'Your account was erased.',
  'token-expired': 'You were away for long. Sign in again.',
  unauthenticated: 'Sign in again, please.',
  'signed-out': 'Nobody is signed in.',
  forbidden: 'You may not do that here.',
  'conversation-not-found': 'You are not in this conversation (any more).',
  'message-not-found': 'This message does not exist (any more).',
  'user-not-found': 'There is nobody of this name.',
  'already-friends': 'You are friends already.',
  'friend-request-exists': 'You have asked already.',
  'friend-request-already-answered': 'This request was answered already.',
  'owner-must-transfer': 'Make somebody else the owner before you leave.',
  'message-too-long': 'This message is too long.',
  'message-id-conflict': 'The server has another message under this number.',
};

/** Something that a form knows better than the server: which of its fields is wrong, and why. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    /** In words for people. */
    message: string,
  ) {
    super(message);
    this.name = 'FieldError';
  }
}

/** An error in words. */
export function inWords(error: unknown): string {
  if (error instanceof FieldError) return error.message;
  if (!(error instanceof XFChatError)) return 'Something went wrong in this page. Load it again, please.';
  const { problem } = error;
  const [first] = problem.errors ?? [];
  if (problem.code === 'validation-failed' && first)
    return `${FIELDS[first.pointer] ?? first.pointer.slice(1)} ${first.detail}.`;
  return WORDS[problem.code] ?? problem.title ?? problem.code;
}

/** The name of the field that an error is about, if it is about one. */
export function fieldOf(error: unknown): string | undefined {
  if (error instanceof FieldError) return error.field;
  if (!(error instanceof XFChatError)) return undefined;
  if (error.code === 'username-taken') return 'username';
  if (error.code.startsWith('invitation-')) return 'invitation';
  return error.problem.errors?.[0]?.pointer.slice(1);
}

/** Of a problem that was kept, such as a message's that was refused. */
export function codeInWords(code: string, title?: string): string {
  return WORDS[code] ?? title ?? code;
}

const FIELDS: Readonly<Record<string, string>> = {
  '/username': 'Username',
  '/password': 'Password',
  '/displayName': 'Name',
  '/newPassword': 'New password',
  '/currentPassword': 'Current password',
  '/status': 'Status',
  '/message': 'Message',
  '/title': 'Name of the group',
  '/description': 'Description',
  '/emoji': 'This',
  '/path/emoji': 'This',
};
