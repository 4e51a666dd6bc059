import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Metrics } from '../../platform/metrics/metrics';
import { inBackground } from '../../platform/request-context';
import { LastSeen } from './last-seen';
import { PresenceDirectory } from './presence-directory';
import { PresenceExchange } from './presence-exchange';
import type { LiveStatus, PresenceStatus } from './presence.dto';
import { DEFAULT_SETTINGS, readSettings, type PresenceSettings } from './presence.queries';
import { PresenceWatches } from './presence-watches';

/** Users who reconnect within this time never look offline: they reload a page or change networks. */
const GRACE_MS = 2_000;
const SWEEP_MS = 250;
/** A killed server loses at most this much of a time online. */
const STORE_EVERY_MS = 60_000;
const RETRY_MS = 1_000;
const SETTINGS_PER_STATEMENT = 1_000;

interface OwnPerson {
  readonly sockets: Map<string, LiveStatus>;
  /** Undefined until the settings were read; until then others see the user as offline. */
  settings: PresenceSettings | undefined;
  /** When the user's last socket closed, in milliseconds of `performance.now()`. */
  goneAt: number | undefined;
}

/** The users with sockets on this server: their status, and how much of it others may see. */
@Injectable()
export class OwnPresence implements OnModuleInit, BeforeApplicationShutdown {
  private readonly people = new Map<string, OwnPerson>();
  /** Users whose settings have to be read. One statement reads those of many who connect at once. */
  private readonly unread = new Set<string>();
  private reading: Promise<void> | undefined;
  /** Users without a socket, in the order in which they left. */
  private readonly gone = new Set<string>();
  private sweeping: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private storer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly directory: PresenceDirectory,
    private readonly exchange: PresenceExchange,
    private readonly lastSeen: LastSeen,
    private readonly watches: PresenceWatches,
    metrics: Metrics,
  ) {
    metrics.gauge('xfchat_presence_people', 'People with a socket on this server', () => this.people.size);
  }

  onModuleInit(): void {
    this.storer = setInterval(() => void this.storeAll(), STORE_EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    clearInterval(this.storer);
    await this.sweeping;
    await this.storeAll();
  }

  /** Resolves when the settings of all connected users are known; at once while the database is away. */
  async settled(): Promise<void> {
    while (this.reading && this.unread.size > 0) await this.reading;
    await this.reading;
  }

  connected(userId: string, socketId: string): void {
    const person = this.people.get(userId) ?? {
      sockets: new Map<string, LiveStatus>(),
      settings: undefined,
      goneAt: undefined,
    };
    this.people.set(userId, person);
    person.sockets.set(socketId, 'online');
    person.goneAt = undefined;
    this.gone.delete(userId);
    if (person.settings) this.refresh(userId);
    else this.read(userId);
  }

  set(userId: string, socketId: string, status: LiveStatus): void {
    const sockets = this.people.get(userId)?.sockets;
    if (!sockets?.has(socketId)) return;
    sockets.set(socketId, status);
    this.refresh(userId);
  }

  disconnected(userId: string, socketId: string): void {
    const person = this.people.get(userId);
    if (!person?.sockets.delete(socketId)) return;
    if (person.sockets.size > 0) return this.refresh(userId);
    person.goneAt = performance.now();
    this.gone.add(userId);
    this.arm();
  }

  settingsChanged(userId: string, settings: PresenceSettings): void {
    const person = this.people.get(userId);
    if (!person) return;
    person.settings = settings;
    this.unread.delete(userId);
    if (person.goneAt === undefined) this.refresh(userId);
  }

  /** Whether a user with a socket here hides when they were last online. */
  hidesLastSeen(userId: string): boolean {
    return this.people.get(userId)?.settings?.hidesLastSeen ?? true;
  }

  /** Publishes a change of status. A user who turns invisible looks like one who has just left. */
  private refresh(userId: string): void {
    const { ownId } = this.exchange;
    const before = this.directory.saidBy(ownId, userId);
    const after = this.shown(userId);
    if (after === before) return;
    if (before === 'online') this.lastSeen.note(userId);
    if (after === 'offline') {
      void inBackground(() => this.goOffline([userId]));
      return;
    }
    this.directory.set(ownId, userId, after);
    this.exchange.tell(userId);
  }

  private shown(userId: string): PresenceStatus {
    const person = this.people.get(userId);
    if (!person?.settings || person.settings.isInvisible || person.sockets.size === 0) return 'offline';
    return [...person.sockets.values()].includes('online') ? 'online' : 'away';
  }

  /** Stores when users were last online, and publishes it with their status. A failed store does not prevent that. */
  private async goOffline(userIds: readonly string[]): Promise<void> {
    await this.lastSeen.store();
    const seenAt = await this.lastSeen.read(userIds);
    for (const userId of userIds) {
      // The user came back meanwhile.
      if (this.shown(userId) !== 'offline') continue;
      const at = seenAt.get(userId);
      this.watches.seen(userId, at);
      this.directory.set(this.exchange.ownId, userId, 'offline');
      this.exchange.tell(userId, at);
      if (this.gone.delete(userId)) this.people.delete(userId);
    }
  }

  private arm(): void {
    this.timer ??= inBackground(() => setTimeout(() => this.sweep(), SWEEP_MS)).unref();
  }

  private sweep(): void {
    this.timer = undefined;
    const due: string[] = [];
    for (const userId of this.gone) {
      const { goneAt = Infinity } = this.people.get(userId)!;
      if (performance.now() - goneAt < GRACE_MS) break;
      due.push(userId);
      const isShown = this.directory.saidBy(this.exchange.ownId, userId);
      if (isShown === 'online') this.lastSeen.note(userId, goneAt);
    }
    const shown = due.filter((id) => this.directory.saidBy(this.exchange.ownId, id) !== 'offline');
    for (const userId of due)
      if (!shown.includes(userId) && this.gone.delete(userId)) this.people.delete(userId);
    this.sweeping = (shown.length > 0 ? this.goOffline(shown) : Promise.resolve()).finally(() => {
      if (this.gone.size > 0) this.arm();
    });
  }

  private read(userId: string): void {
    this.unread.add(userId);
    this.reading ??= inBackground(() => this.readAll()).finally(() => (this.reading = undefined));
  }

  /** The next statement reads the settings of users who connect during this one. */
  private async readAll(): Promise<void> {
    while (this.unread.size > 0) {
      await Promise.resolve();
      const userIds = [...this.unread].slice(0, SETTINGS_PER_STATEMENT);
      for (const userId of userIds) this.unread.delete(userId);
      let found: Map<string, PresenceSettings>;
      try {
        found = await readSettings(this.dataSource, userIds);
      } catch {
        for (const userId of userIds) if (this.people.has(userId)) this.unread.add(userId);
        setTimeout(() => this.unread.size > 0 && this.read([...this.unread][0]!), RETRY_MS).unref();
        return;
      }
      for (const userId of userIds) {
        const person = this.people.get(userId);
        if (!person || person.settings) continue;
        person.settings = found.get(userId) ?? DEFAULT_SETTINGS;
        this.refresh(userId);
      }
    }
  }

  private async storeAll(): Promise<void> {
    for (const userId of this.directory.peopleOf(this.exchange.ownId))
      if (this.directory.saidBy(this.exchange.ownId, userId) === 'online') this.lastSeen.note(userId);
    await this.lastSeen.store();
  }
}
