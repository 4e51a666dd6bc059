import type { Socket } from 'socket.io';

type Handshake = Socket['handshake'];

/** The empty handshake that all authenticated sockets share. */
const FORGOTTEN: Handshake = Object.freeze({
  headers: {},
  time: '',
  address: '',
  xdomain: false,
  secure: false,
  issued: 0,
  url: '',
  query: {},
  auth: {},
});

/**
 * Drops the request that opened an authenticated socket, and its token. The request is most of the memory of an
 * idle socket.
 */
export function forgetHandshake(socket: Socket): void {
  // Socket.IO documents that engine.io's reference may be dropped, but the types of both do not allow it.
  (socket as { handshake: Handshake }).handshake = FORGOTTEN;
  (socket.conn as { request?: object }).request = undefined;
}
