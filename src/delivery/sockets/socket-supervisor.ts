import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Server } from 'socket.io';
import { Configuration } from '../../platform/configuration/configuration';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { StructuredLogger } from '../../platform/logging/structured-logger';
import { EventRelay } from '../../platform/servers/event-relay';
import { identityOf } from '../../platform/sockets/socket-identity';
import { Entitlements } from './entitlements';

const SWEEP_MS = 2_000;

type Status = 'ok' | 'degraded' | 'maintenance';

/** What sockets are told, or closed for, without having asked: the state of the server, another epoch, tokens that ran out. */
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
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly relay: EventRelay,
    private readonly logger: StructuredLogger,
  ) {}

  onModuleInit(): void {
    this.monitor.onChange(() => this.announceStatus());
    this.monitor.onConnect(() => void this.compareEpoch());
    this.maintenance.onChange(() => this.announceStatus());
    this.relay.onBegunAnew(() => this.disconnectAll());
  }

  attach(server: Server): void {
    this.server = server;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
  }

  /** A socket was told this epoch. The first one is what those of later are compared with. */
  noteEpoch(epoch: number): void {
    this.epoch ??= epoch;
  }

  status(): { status: Status } {
    if (!this.monitor.verdict.isUp) return { status: 'degraded' };
    return { status: this.maintenance.isOn ? 'maintenance' : 'ok' };
  }

  /**
   * After a restore people are connected to what is no more: their numbers, and perhaps their sessions and rooms. Their sockets
   * are disconnected as by a broken network, after which clients connect again by themselves, and get the new epoch.
   */
  private async compareEpoch(): Promise<void> {
    this.isEpochCertain = false;
    try {
      const epoch = await this.entitlements.epoch();
      const isAnother = this.epoch !== undefined && this.epoch !== epoch;
      this.epoch = epoch;
      this.isEpochCertain = true;
      if (!isAnother) return;
      this.logger.event('warn', 'the database is of another epoch: every socket has to begin again', {
        epoch,
      });
      this.disconnectAll();
    } catch {
      // The next sweep, or the next connection of the monitor, asks again.
    }
  }

  /** As a broken network would. */
  private disconnectAll(): void {
    for (const socket of this.server?.sockets.sockets.values() ?? []) socket.conn.close();
  }

  /** Closes sockets whose token ran out, but never for want of a database to refresh it against (G7). */
  private sweep(): void {
    const { isUp, since } = this.monitor.verdict;
    const now = Date.now();
    if (isUp && !this.isEpochCertain) void this.compareEpoch();
    if (!isUp || now - since < this.configuration.SOCKET_GRACE_AFTER_OUTAGE_MS) return;
    for (const socket of this.server?.sockets.sockets.values() ?? []) {
      if (identityOf(socket).expiresAt > now) continue;
      socket.emit('session:expired', { reason: 'token-expired' });
      socket.disconnect(true);
    }
  }

  /** The reason may change without the status doing so; people are told of the status only. */
  private announceStatus(): void {
    const { status } = this.status();
    if (status === this.announced) return;
    this.announced = status;
    this.server?.emit('server:status', { status });
  }
}
