import { Injectable, Logger } from '@nestjs/common';
import type { Server, Socket } from 'socket.io';
import { Flags } from '../../platform/flags/flags';
import { identityOf } from '../../platform/sockets/socket-identity';
import { TurnTransport } from '../../platform/sockets/turn-transport';

/**
 * How the server writes to each socket: once per turn, or as Socket.IO does, by the flag for its user. A change applies
 * to connected sockets at once.
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

  /** Until the flag is known, a socket uses the newer mode; the order of packets is the same. */
  follow(socket: Socket): void {
    void this.decide(socket);
    // A client that began with polling gets another transport with the upgrade.
    socket.conn.on('upgrade', () => void this.decide(socket));
  }

  private async decide(socket: Socket): Promise<void> {
    try {
      const isOn = await this.flags.isOn('one-write-per-turn', identityOf(socket).userId);
      const { transport } = socket.conn;
      if (transport instanceof TurnTransport) transport.isBundling = isOn;
    } catch (error) {
      this.logger.warn(`the write mode of a socket stays unchanged: ${(error as Error).name}`);
    }
  }
}
