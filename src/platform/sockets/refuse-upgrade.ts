import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers a request for another protocol and closes its connection. Node no longer supervises it, so `end` alone
 * would leave it open until the client closes it. It would stay open for ever if unread bytes hide that the client
 * has gone.
 * @param headers whole lines
 */
export function refuseUpgrade(socket: Duplex, status: string, headers = ''): void {
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Rejects every upgrade that is not for the sockets below `path`. */
export function refuseOtherUpgrades(server: Server, path: string): void {
  server.on('upgrade', ({ url = '' }: IncomingMessage, socket: Duplex) => {
    if (!url.startsWith(path)) refuseUpgrade(socket, '400 Bad Request');
  });
}
