import type { Socket } from 'socket.io';

type Handshake = Socket['handshake'];

/** Shared by all sockets: what is left to be read where nothing is kept. */
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
 * Once a socket is authenticated nobody needs the request that opened it, which is most of the memory that an idle
 * socket takes, nor its token.
 */
export function forgetHandshake(socket: Socket): void {
  // Socket.IO documents that engine.io's reference may be dropped; the types say otherwise of both.
  (socket as { handshake: Handshake }).handshake = FORGOTTEN;
  (socket.conn as { request?: object }).request = undefined;
}
