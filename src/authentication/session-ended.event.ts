export type SessionEndReason = 'signed-out' | 'ended-elsewhere' | 'password-changed' | 'refresh-token-reused';

/** A session has ended: its tokens are refused and its sockets have to go. */
export class SessionEnded {
  constructor(
    readonly sessionId: string,
    readonly reason: SessionEndReason,
  ) {}
}
