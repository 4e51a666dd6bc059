import { XFChatError } from '@xfchat/client';

/** The name of an erased user. */
export const ERASED_NAME = 'Erased account';

/** Texts for users. They replace the server's texts, which are for programmers. */
const WORDS: Readonly<Record<string, string>> = {
  'not-connected': 'There is no connection to the server right now.',
  unreachable: 'The server did not answer. Check your connection and try again.',
  'invalid-credentials': 'Wrong username or password.',
  'username-taken': 'This username is already taken.',
  'account-disabled': 'This account is disabled. Ask the people who run this server.',
  'registration-closed': 'This server does not accept new accounts.',
  'invitation-required': 'You need an invitation to create an account here.',
  'invitation-invalid': 'This invitation is not valid or has expired. Ask for a new one.',
  'password-reset-invalid': 'This link is not valid or has expired. Ask for a new one.',
  'rate-limited': 'That was too fast. Wait a moment and try again.',
  maintenance: 'The server is under maintenance. You can read, but nothing can be changed right now.',
  'temporarily-unavailable':
    'The server cannot reach its data right now. Nothing was changed; try again soon.',
  'database-busy': 'The server is very busy right now. Nothing was changed; try again soon.',
  'storage-full': 'The server is out of storage space. You can read, but nothing can be changed right now.',
  'database-read-only': 'You can read, but nothing can be changed right now.',
  draining: 'The server is restarting. Try again in a moment.',
  'outcome-unknown': 'The server did not say whether this was done. Check, and try again if it was not.',
  'session-revoked': 'You were signed out, on another device or by the server.',
  'account-erased': 'Your account was erased.',
  'token-expired': 'Your session has expired. Please sign in again.',
  unauthenticated: 'Please sign in again.',
  'signed-out': 'Nobody is signed in.',
  forbidden: 'You are not allowed to do that here.',
  'conversation-not-found': 'This conversation does not exist, or you are not in it.',
  'message-not-found': 'This message no longer exists.',
  'user-not-found': 'There is no user with this name.',
  'already-friends': 'You are already friends.',
  'friend-request-exists': 'You have already sent a friend request.',
  'friend-request-already-answered': 'This request has already been answered.',
  'owner-must-transfer': 'Make somebody else the owner before you leave.',
  'message-too-long': 'This message is too long.',
  'message-id-conflict': 'The server already has a different message with this id.',
};

/** An error of one field of a form, with a more precise text than the server's problem. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    /** A sentence for the user. */
    message: string,
  ) {
    super(message);
    this.name = 'FieldError';
  }
}

/** The text of an error for the user. */
export function inWords(error: unknown): string {
  if (error instanceof FieldError) return error.message;
  if (!(error instanceof XFChatError)) return 'Something went wrong on this page. Please reload it.';
  const { problem } = error;
  const [first] = problem.errors ?? [];
  if (problem.code === 'validation-failed' && first)
    return `${FIELDS[first.pointer] ?? first.pointer.slice(1)} ${first.detail}.`;
  return WORDS[problem.code] ?? problem.title ?? problem.code;
}

/** The name of the field that caused an error, if a field did. */
export function fieldOf(error: unknown): string | undefined {
  if (error instanceof FieldError) return error.field;
  if (!(error instanceof XFChatError)) return undefined;
  if (error.code === 'username-taken') return 'username';
  if (error.code.startsWith('invitation-')) return 'invitation';
  return error.problem.errors?.[0]?.pointer.slice(1);
}

/** The text of a stored problem, such as that of a rejected message. */
export function codeInWords(code: string, title?: string): string {
  return WORDS[code] ?? title ?? code;
}

const FIELDS: Readonly<Record<string, string>> = {
  '/username': 'Username',
  '/password': 'Password',
  '/displayName': 'Display name',
  '/newPassword': 'New password',
  '/currentPassword': 'Current password',
  '/status': 'Status',
  '/message': 'Message',
  '/title': 'Group name',
  '/description': 'Description',
  '/emoji': 'This',
  '/path/emoji': 'This',
};
