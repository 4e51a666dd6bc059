import type { Socket } from 'socket.io';

/** What a socket knows of the person behind it. */
export interface SocketIdentity {
  userId: string;
  sessionId: string;
  /** When the access token runs out, in milliseconds of `Date.now()`. */
  expiresAt: number;
}

export const identityOf = (socket: Socket): SocketIdentity =>
  (socket.data as { identity: SocketIdentity }).identity;
