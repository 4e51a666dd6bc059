import type { Socket } from 'socket.io';

/** The person and session that a socket belongs to. */
export interface SocketIdentity {
  userId: string;
  sessionId: string;
  /** When the access token expires, in milliseconds of `Date.now()`. */
  expiresAt: number;
}

export const identityOf = (socket: Socket): SocketIdentity =>
  (socket.data as { identity: SocketIdentity }).identity;
