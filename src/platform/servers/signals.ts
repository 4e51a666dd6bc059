import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Metrics } from '../metrics/metrics';
import { EventRelay } from './event-relay';
import { HostedRooms } from './hosted-rooms';

/** PostgreSQL takes less than 8,000 bytes in one notification. */
const MAX_NOTIFICATION_BYTES = 7_900;
/** Small enough for several signals to fit into one notification. */
const MAX_SIGNAL_BYTES = 2_000;
/**
 * The least time between two notifying statements. PostgreSQL commits them one after the other, those of all
 * servers.
 */
const GAP_MS = 25;
/** Signals beyond this within one gap are lost. */
const MAX_PENDING_BYTES = 64 * 1_024;

type Listener = (payload: object, room: string) => void;
type EncodedSignal = readonly [kind: string, room: string, payload: object];

/**
 * Exchanges short-lived facts between servers, such as who is typing. A signal is not stored, is in no log,
 * and may be lost. So a state that a signal begins has to end by a timeout, or the sender has to repeat the
 * signal. A signal reaches all servers that host the room, including this one. The listeners of its kind
 * there usually emit it to the room.
 *
 * Signals give no more access than the room: a server without a live lease neither sends nor receives any
 * (G6).
 *
 *     signals.on<Typing>('typing', (payload, room) => rooms.emit(room, 'typing', payload));
 *     signals.publish('typing', conversationRoom(id), { conversationId: id, userId, typing: true });
 *
 * Signals travel through Redis when all servers are connected to it. Otherwise the session of the relay sends
 * several of them as the payload of one notification. A signal never costs a transaction of its own.
 */
@Injectable()
export class Signals implements OnModuleDestroy {
  private readonly logger = new Logger(Signals.name);
  private readonly listeners = new Map<string, Listener[]>();
  private pending = new Set<string>();
  private pendingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private flushedAt = -Infinity;
  private readonly published: ReturnType<Metrics['counter']>;
  private readonly dropped: ReturnType<Metrics['counter']>;

  constructor(
    private readonly relay: EventRelay,
    private readonly hosted: HostedRooms,
    metrics: Metrics,
  ) {
    relay.onSignals((text) => this.receive(text));
    this.published = metrics.counter(
      'xfchat_signals_sent_total',
      'Signals that were sent to other servers, by what carried them',
      ['carrier'],
    );
    this.dropped = metrics.counter(
      'xfchat_signals_dropped_total',
      'Signals that were lost since too many were waiting, or the database did not take them',
    );
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  /** @param kind its name on the wire. Never reuse a name: servers of two versions may exchange signals */
  on<Payload extends object>(kind: string, listener: (payload: Payload, room: string) => void): void {
    this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener as Listener]);
  }

  /**
   * Returns at once, and does not fail without a carrier. Signals of one server in one room arrive in order,
   * or not at all.
   */
  publish(kind: string, room: string, payload: object): void {
    const text = JSON.stringify([kind, room, payload] satisfies EncodedSignal);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_SIGNAL_BYTES) throw new RangeError(`a signal of ${bytes} bytes is too large`);
    if (!this.relay.isLive) return;
    if (this.hosted.has(room)) this.deliver([kind, room, payload]);
    if (!this.relay.hasPeers) return;
    const carrier = this.relay.sharedCarrier;
    if (!carrier) return this.enqueue(text, bytes);
    carrier.publishSignal(room, text);
    this.published.inc({ carrier: 'redis' });
  }

  /** @param text signals of one other server, separated by line ends */
  receive(text: string): void {
    if (!this.relay.isLive) return;
    for (const line of text.split('\n')) {
      try {
        const signal = JSON.parse(line) as EncodedSignal;
        if (this.hosted.has(signal[1])) this.deliver(signal);
      } catch (error) {
        this.logger.warn(`could not parse a signal of another server: ${(error as Error).name}`);
      }
    }
  }

  private deliver([kind, room, payload]: EncodedSignal): void {
    for (const listener of this.listeners.get(kind) ?? []) {
      try {
        listener(payload, room);
      } catch (error) {
        this.logger.error(`a listener of the signal ${kind} failed`, error);
      }
    }
  }

  /** The same signal twice within a gap is sent once, at the place of the later one. */
  private enqueue(text: string, bytes: number): void {
    if (this.pending.delete(text)) this.pendingBytes -= bytes;
    if (this.pendingBytes + bytes > MAX_PENDING_BYTES) return this.dropped.inc();
    this.pending.add(text);
    this.pendingBytes += bytes;
    const wait = Math.max(0, this.flushedAt + GAP_MS - performance.now());
    this.timer ??= setTimeout(() => void this.flush(), wait).unref();
  }

  private async flush(): Promise<void> {
    const signals = [...this.pending];
    this.pending = new Set();
    this.pendingBytes = 0;
    try {
      await this.relay.notifySignals(intoNotifications(signals));
      this.published.inc({ carrier: 'notify' }, signals.length);
    } catch {
      this.dropped.inc(signals.length);
    }
    this.flushedAt = performance.now();
    this.timer = undefined;
    if (this.pending.size > 0) this.timer = setTimeout(() => void this.flush(), GAP_MS).unref();
  }
}

function intoNotifications(signals: readonly string[]): string[] {
  const notifications: string[] = [];
  let current = '';
  for (const signal of signals) {
    const longer = current ? `${current}\n${signal}` : signal;
    if (current && Buffer.byteLength(longer) > MAX_NOTIFICATION_BYTES) {
      notifications.push(current);
      current = signal;
    } else current = longer;
  }
  return current ? [...notifications, current] : notifications;
}
