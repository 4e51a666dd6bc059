import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Configuration } from '../configuration/configuration';
import { DatabaseCircuit } from '../database/circuit';
import { connectionFailureOf } from '../database/connection-failure';
import { setAnnouncer, type Announcer, type Logged } from '../events/announcer';
import { EventBus } from '../events/event-bus';
import { changesRights, isControl, SharedEvents, type Reading } from '../events/shared';
import { Metrics, STATEMENT_SECONDS } from '../metrics/metrics';
import type { Carrier } from './carrier';
import { HeldEvents } from './held-events';
import { LEASE_MS } from './lease';
import { LogReader, type LogReaderListener } from './log-reader';
import { insertEvents, type LogRow } from './relay.queries';

/**
 * A starting server serves after this time, even if another server has not noticed it: the lease of that one
 * has expired.
 */
const START_MS = LEASE_MS + 1_000;
/**
 * No request waits longer than this for the other servers. A read of the log in progress has renewed a lease
 * at most once. A server that has not applied its next read by then has lost that lease.
 */
const MAX_WAIT_MS = 2 * LEASE_MS;

/** How long a new socket or stream waits for a server that is catching up with the others. */
export const RELAY_PATIENCE_MS = 2_000;

/**
 * Above this, the held events are dropped: the database takes writes, but has not answered a read of the log
 * for long.
 */
const MAX_HELD = 5_000;
/** A database error that is not a failed connection, such as 42501 (a missing right). */
const SQL_STATE = /^[0-9A-Z]{5}$/;

interface Waiter {
  readonly transactionId: bigint;
  readonly done: () => void;
}

/**
 * Sends events between the servers on one database (ADR 34). Each transaction writes its events into a log.
 * Each server continues to read the log from the last snapshot that it has read. So it misses no event when
 * notifications or connections are lost. A revoked right is in the log before every message that was stored
 * later. So the memberships that this server knows are never older than a delivered message (G6).
 *
 * A server that runs alone writes no log and publishes its events at once.
 */
@Injectable()
export class EventRelay implements Announcer, LogReaderListener, BeforeApplicationShutdown {
  readonly serverId = randomUUID();
  private readonly logger = new Logger(EventRelay.name);
  private readonly reader: LogReader;
  private readonly held = new HeldEvents();
  private readonly waiters = new Set<Waiter>();
  private readonly anewListeners: (() => void)[] = [];
  private readonly liveListeners = new Set<() => void>();
  private signalListener: (text: string) => void = () => undefined;
  private carrier: Carrier | undefined;
  /** Rows that were published but are not covered by the position yet. */
  private readonly told = new Set<number>();
  private isFailing = false;
  private lastLiveAt = -Infinity;
  private readonly pullSeconds: ReturnType<Metrics['histogram']>;
  private readonly eventsTold: ReturnType<Metrics['counter']>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    configuration: Configuration,
    private readonly events: EventBus,
    private readonly shared: SharedEvents,
    private readonly metrics: Metrics,
    private readonly circuit: DatabaseCircuit,
  ) {
    const url = configuration.DIRECT_DATABASE_URL ?? configuration.DATABASE_URL ?? '';
    this.reader = new LogReader(url, this.serverId, this);
    this.reader.isAwaited = () => this.waiters.size > 0;
    this.reader.carrier = () => this.carrier?.identity;
    setAnnouncer(dataSource, this);
    this.pullSeconds = metrics.histogram(
      'xfchat_relay_pull_duration_seconds',
      'Time that the database took to return new events of the servers',
      STATEMENT_SECONDS,
    );
    this.eventsTold = metrics.counter(
      'xfchat_relay_events_total',
      'Events of other servers that this one broadcast to its clients',
    );
    metrics.gauge(
      'xfchat_servers',
      'Servers on the database, as this one sees them',
      () => this.reader.peers.length + 1,
    );
    metrics.gauge('xfchat_relay_live', '1 while this server may deliver events', () => Number(this.isLive));
    metrics.gauge(
      'xfchat_relay_held_events',
      'Events that wait to be written to the event log',
      () => this.held.size,
    );
  }

  /**
   * Whether other servers need the events of this server. True without a lease, because other servers may
   * have started meanwhile without waiting for this one.
   */
  get hasPeers(): boolean {
    return !this.isLive || this.reader.peers.length > 0;
  }

  /** Whether this server may deliver events, and accept commands on sockets. */
  get isLive(): boolean {
    return this.reader.lease.isLive;
  }

  /** How long this server has not been live; Infinity when it never was. */
  get notLiveMs(): number {
    return this.isLive ? 0 : performance.now() - this.lastLiveAt;
  }

  /**
   * Called after this server was away for so long that it cannot know which events it missed. Its clients
   * have to restart.
   */
  onBegunAnew(listener: () => void): void {
    this.anewListeners.push(listener);
  }

  /**
   * Ends the lease, and registers this server anew. For a database that is another one than before: until the server is
   * registered there, it delivers nothing and admits no socket.
   */
  restart(): void {
    this.reader.giveUp();
    this.reader.look();
  }

  useCarrier(carrier: Carrier): void {
    this.carrier = carrier;
  }

  /** The carrier connected, disconnected, or changed to another broker. */
  carrierChanged(): void {
    this.reader.carrierChanged();
  }

  /** The carrier, if all other servers are connected to it as well. */
  get sharedCarrier(): Carrier | undefined {
    const { carrier } = this;
    return carrier?.identity !== undefined && this.reader.areAllOn(carrier.identity) ? carrier : undefined;
  }

  /** Another server has written to the log. */
  look(): void {
    this.reader.look();
  }

  /** For `Signals`: receives the signals of other servers. */
  onSignals(listener: (text: string) => void): void {
    this.signalListener = listener;
  }

  notifySignals(texts: readonly string[]): Promise<void> {
    return this.reader.notifySignals(texts);
  }

  signalled(text: string): void {
    this.signalListener(text);
  }

  /** Resolves when the other servers have noticed this one, or after a few seconds. */
  async start(): Promise<void> {
    this.reader.start();
    await this.whenLive(START_MS);
    // The tables of the relay name servers by their ids.
    this.logger.log(`this server has the id ${this.serverId} and ${this.reader.peers.length} peers`);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.reader.stop();
    this.held.drop();
  }

  /**
   * @returns whether this server may deliver within `patienceMs`; false at once while the database is down
   */
  async whenLive(patienceMs: number): Promise<boolean> {
    if (!this.isLive && !this.circuit.isOpen)
      await heardWithin(patienceMs, this.liveListeners, (done) => done);
    return this.isLive;
  }

  async log(manager: Pick<EntityManager, 'query'>, events: readonly object[]): Promise<Logged | undefined> {
    if (!this.hasPeers) return undefined;
    const encoded = this.shared.encode(events);
    return encoded.length > 0 ? insertEvents(manager, this.serverId, encoded) : undefined;
  }

  async announce(events: readonly object[], logged: Logged | undefined): Promise<void> {
    if (events.length === 0) return;
    const deadline = performance.now() + MAX_WAIT_MS;
    const { place, told } = await this.tell(events, logged);
    // A server without a lease delivers nothing, so there is nothing to wait for.
    if (this.isLive) await within(MAX_WAIT_MS, told);
    if (place && events.some(isControl))
      await this.appliedEverywhere(place.transactionId, deadline - performance.now());
  }

  /** As `announce`, for messages. Resolves at once, or on a lone server when the messages were published. */
  async announceMessages(events: readonly object[], logged: Logged | undefined): Promise<void> {
    if (events.length === 0) return;
    if (logged && this.carrier?.identity !== undefined)
      this.carrier.publishContents(this.shared.contentsOf(events));
    await this.tell(events, logged, true);
  }

  private async tell(
    events: readonly object[],
    logged: Logged | undefined,
    isPublished = false,
  ): Promise<{ place: Logged | undefined; told: Promise<void> }> {
    const place = logged ?? (await this.logLate(events));
    if (!place && !this.hasPeers && this.held.size === 0) {
      await this.publish(events);
      return { place, told: Promise.resolve() };
    }
    this.reader.look(place !== undefined && !this.isCarried(isPublished && logged !== undefined));
    if (this.held.size >= MAX_HELD) {
      this.held.drop();
      this.reader.giveUp();
    }
    // The events of a commit whose answer came late were already published from the log. An unregistered
    // server has no clients.
    const isOver = place && (this.told.has(place.id) || this.reader.hasApplied(place.transactionId));
    const told = isOver || !this.reader.isRegistered ? Promise.resolve() : this.held.hold(events, place?.id);
    return { place, told };
  }

  /**
   * Makes the other servers read the log through the carrier, if all are connected to it.
   * @param isPublished whether the carrier has already made those that need the events read
   * @returns whether there is such a carrier, so that no notification is needed
   */
  private isCarried(isPublished: boolean): boolean {
    const carrier = this.sharedCarrier;
    if (carrier && !isPublished) carrier.wake();
    return carrier !== undefined;
  }

  /** Publishes events that were not logged, because another server started during their transaction. */
  private async logLate(events: readonly object[]): Promise<Logged | undefined> {
    try {
      return await this.log(this.dataSource, events);
    } catch (error) {
      this.logger.warn(`could not send an event to other servers: ${connectionFailureOf(error as Error)}`);
      return undefined;
    }
  }

  /** Resolves when no server delivers any more events that the transaction has forbidden. */
  private async appliedEverywhere(transactionId: bigint, patienceMs: number): Promise<void> {
    if (this.reader.isAppliedEverywhere(transactionId)) return;
    this.reader.look();
    await heardWithin(patienceMs, this.waiters, (done) => ({ transactionId, done }));
  }

  async apply(rows: readonly LogRow[]): Promise<boolean | undefined> {
    const left = rows.filter(({ id }) => !this.told.has(id));
    const reading = { isCurrent: this.isLive, events: rows.flatMap(({ events }) => events) };
    const others = left.filter(({ serverId }) => serverId !== this.serverId);
    const decoded = await this.decode(others, reading);
    const patience = this.held.patience();
    let tookRights = false;
    for (const row of this.isLive ? left : rightsFirst(left)) {
      const isOwn = row.serverId === this.serverId;
      const isAnswered = isOwn && (await this.held.expect(row.id, patience));
      const read = isOwn && !isAnswered ? await this.decode([row], reading) : decoded;
      if (!this.reader.lease.isHeld) return undefined;
      this.told.add(row.id);
      const held = this.held.take(row.id);
      const events = held?.events ?? read.get(row.id) ?? [];
      tookRights ||= events.some(isControl);
      await (held ? held.inContext(() => this.publish(events)) : this.publish(events));
      held?.told();
      if (!isOwn) this.eventsTold.inc(events.length);
    }
    return tookRights;
  }

  async applied(): Promise<void> {
    this.isFailing = false;
    this.told.clear();
    while (this.isLive) {
      const held = this.held.takeWithoutRow();
      if (!held) break;
      await held.inContext(() => this.publish(held.events));
      held.told();
    }
    if (this.isLive) {
      this.lastLiveAt = performance.now();
      for (const resolve of this.liveListeners) resolve();
    }
    for (const { transactionId, done } of this.waiters)
      if (this.reader.isAppliedEverywhere(transactionId)) done();
  }

  begunAnew(): void {
    this.logger.warn('this server lost its lease: its clients must restart');
    this.told.clear();
    this.held.drop();
    for (const listener of this.anewListeners) listener();
  }

  looked(durationMs: number): void {
    this.pullSeconds.observe(durationMs / 1_000);
  }

  failed(error: Error): void {
    const { code = '' } = error as { code?: string };
    const failure = connectionFailureOf(error);
    const isRefused = failure === 'unreachable' && SQL_STATE.test(code);
    if (!isRefused) this.metrics.databaseConnectionFailures.inc({ source: 'relay', reason: failure });
    const reason = isRefused ? `the database rejects it with ${code}` : failure;
    if (!this.isFailing) this.logger.warn(`could not read the events of other servers: ${reason}`);
    this.isFailing = true;
  }

  private async decode(rows: readonly LogRow[], reading: Reading): Promise<Map<number, object[]>> {
    const places = rows.flatMap(({ id, events }) => events.map((event) => ({ id, event })));
    const decoded = await this.shared.decode(
      places.map(({ event }) => event),
      reading,
    );
    const byRow = new Map<number, object[]>();
    for (const [index, { id }] of places.entries())
      byRow.set(id, [...(byRow.get(id) ?? []), ...decoded[index]!]);
    return byRow;
  }

  private async publish(events: readonly object[]): Promise<void> {
    for (const event of events) await this.events.publish(event);
  }
}

/**
 * Puts events that revoke rights first. Other servers may have acknowledged them without waiting for this
 * one. So users who lost a right do not receive earlier events either. Messages are read in their current
 * state.
 */
function rightsFirst(rows: readonly LogRow[]): LogRow[] {
  const isFirst = ({ events }: LogRow): boolean => events.some(changesRights);
  return [...rows.filter(isFirst), ...rows.filter((row) => !isFirst(row))];
}

async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([done, bound]).finally(() => clearTimeout(timer));
}

/** Waits up to `ms` until `done` is called, then removes its waiter from the set. */
async function heardWithin<W>(ms: number, waiters: Set<W>, join: (done: () => void) => W): Promise<void> {
  let waiter: W | undefined;
  await within(ms, new Promise<void>((done) => waiters.add((waiter = join(done)))));
  waiters.delete(waiter!);
}
