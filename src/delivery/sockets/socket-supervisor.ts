import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Server } from 'socket.io';
import { Configuration } from '../../platform/configuration/configuration';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { StructuredLogger } from '../../platform/logging/structured-logger';
import { EventRelay } from '../../platform/servers/event-relay';
import { Rooms } from '../../platform/sockets/rooms';
import { Entitlements } from './entitlements';

const SWEEP_MS = 2_000;

type Status = 'ok' | 'degraded' | 'maintenance';

/**
 * Sends sockets the state of the server, and disconnects them after a change of the epoch or when their token expired.
 */
@Injectable()
export class SocketSupervisor implements OnModuleInit, OnApplicationShutdown {
  private server: Server | undefined;
  private sweeper: NodeJS.Timeout | undefined;
  private epoch: number | undefined;
  private isEpochCertain = false;
  private announced: Status = 'ok';

  constructor(
    private readonly configuration: Configuration,
    private readonly entitlements: Entitlements,
    private readonly rooms: Rooms,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly relay: EventRelay,
    private readonly logger: StructuredLogger,
  ) {}

  onModuleInit(): void {
    this.monitor.onChange(() => this.announceStatus());
    this.monitor.onConnect(() => void this.compareEpoch());
    this.maintenance.onChange(() => this.announceStatus());
    this.relay.onBegunAnew(() => this.restartAll());
  }

  attach(server: Server): void {
    this.server = server;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
  }

  /** Notes the epoch that a socket got. Later ones are compared with the first. */
  noteEpoch(epoch: number): void {
    this.epoch ??= epoch;
  }

  status(): { status: Status } {
    if (!this.monitor.verdict.isUp) return { status: 'degraded' };
    return { status: this.maintenance.isOn ? 'maintenance' : 'ok' };
  }

  /**
   * After a restore, the clients' numbers, and perhaps their sessions and rooms, no longer exist. The server
   * disconnects their sockets like a broken network. Clients then reconnect by themselves and get the new epoch.
   */
  private async compareEpoch(): Promise<void> {
    this.isEpochCertain = false;
    try {
      const epoch = await this.entitlements.epoch();
      const isAnother = this.epoch !== undefined && this.epoch !== epoch;
      this.epoch = epoch;
      this.isEpochCertain = true;
      if (!isAnother) return;
      this.logger.event('warn', 'the epoch of the database changed: every socket must restart', {
        epoch,
      });
      this.disconnectAll();
      // The relay would notice it later, and disconnect those who have come back.
      this.relay.restart();
    } catch {
      // The next sweep, or the next connection of the monitor, asks again.
    }
  }

  /** The relay may have noticed another epoch first. The epoch of the next socket, or the next comparison, counts. */
  private restartAll(): void {
    this.epoch = undefined;
    this.isEpochCertain = false;
    this.disconnectAll();
  }

  /** Like a broken network, so that clients reconnect. */
  private disconnectAll(): void {
    for (const life of this.rooms.lives()) this.rooms.machine.handle(life, 'outdated');
  }

  /**
   * Closes sockets whose token expired. While the database is down nobody can refresh a token, so no socket is closed
   * (G7).
   */
  private sweep(): void {
    const { isUp, since } = this.monitor.verdict;
    const now = Date.now();
    if (isUp && !this.isEpochCertain) void this.compareEpoch();
    if (!isUp || now - since < this.configuration.SOCKET_GRACE_AFTER_OUTAGE_MS) return;
    for (const life of this.rooms.lives())
      if (life.identity!.expiresAt <= now) this.rooms.machine.handle(life, 'token-expired');
  }

  /** The reason may change without the status; clients only get the status. */
  private announceStatus(): void {
    const { status } = this.status();
    if (status === this.announced) return;
    this.announced = status;
    this.server?.emit('server:status', { status });
  }
}
