import { Injectable, Logger } from '@nestjs/common';
import type { Server, Socket } from 'socket.io';
import { Flags } from '../../platform/flags/flags';
import { identityOf } from '../../platform/sockets/socket-identity';
import { TurnTransport } from '../../platform/sockets/turn-transport';

/**
 * How each socket is written to: once a turn, or in Socket.IO's own way, as the flag says of the person behind it. A
 * change reaches the sockets that are connected, in the middle of whatever is being said to them.
 */
@Injectable()
export class WritePaths {
  private readonly logger = new Logger(WritePaths.name);

  constructor(private readonly flags: Flags) {}

  attach(server: Server): void {
    this.flags.onChange(() => {
      for (const socket of server.sockets.sockets.values()) void this.decide(socket);
    });
  }

  /** Until the flag is known a socket has the newer path, whose order of frames is the same. */
  follow(socket: Socket): void {
    void this.decide(socket);
    // Who began by polling has another transport from then on.
    socket.conn.on('upgrade', () => void this.decide(socket));
  }

  private async decide(socket: Socket): Promise<void> {
    try {
      const isOn = await this.flags.isOn('one-write-per-turn', identityOf(socket).userId);
      const { transport } = socket.conn;
      if (transport instanceof TurnTransport) transport.isBundling = isOn;
    } catch (error) {
      this.logger.warn(`the way to write to a socket stays as it is: ${(error as Error).name}`);
    }
  }
}
