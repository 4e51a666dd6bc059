/** The kinds of events that the authentication log records. */
export const AUTHENTICATION_EVENT_KINDS = [
  'registration',
  'invitation-used',
  'sign-in',
  'refresh',
  'password-change',
  'password-reset',
  'password-reset-created',
  'session-ended',
  'account-disabled',
  'account-enabled',
  'operator-granted',
  'operator-revoked',
] as const;
export type AuthenticationEventKind = (typeof AUTHENTICATION_EVENT_KINDS)[number];

/** Something that happened to an account, or was attempted. Never holds a password, a token or a code. */
export interface AuthenticationEvent {
  readonly kind: AuthenticationEventKind;
  /** `ok`, or the code of the problem. */
  readonly outcome: string;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** The actor, unless it was the account's owner: the operating system's user who ran a command. */
  readonly actor?: string | undefined;
  /** Why a session ended, or which invitation was used. */
  readonly detail?: string | undefined;
}
