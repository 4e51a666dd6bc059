import { Shared } from '../../platform/events/shared';
export const SESSION_END_REASONS = [
  'signed-out',
  'ended-elsewhere',
  'password-changed',
  'refresh-token-reused',
  'account-erased',
  'too-many-sessions',
  'account-disabled',
] as const;
export type SessionEndReason = (typeof SESSION_END_REASONS)[number];

/** A session has ended: its tokens are rejected and its sockets are closed. */
@Shared({ kind: 'session-ended', rights: 'taken' })
export class SessionEnded {
  constructor(
    readonly sessionId: string,
    readonly reason: SessionEndReason,
    /** False when another server or a command ended it and this server noticed. */
    readonly isEndedHere = true,
  ) {}
}
