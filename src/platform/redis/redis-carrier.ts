import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { SharedEvents } from '../events/shared';
import { Metrics } from '../metrics/metrics';
import type { Carrier, RoomContent } from '../servers/carrier';
import { EventRelay } from '../servers/event-relay';
import { HostedRooms } from '../servers/hosted-rooms';
import { Signals } from '../servers/signals';
import { version } from '../version';
import { RedisLink, type LinkUser } from './redis-link';

/** Rooms that no other server emits to. There are as many as sockets, so they get no channels. */
const UNSHARED_ROOMS = 'session:';
const SIGNAL = 's';
const CONTENT = 'c';
const ID_LENGTH = 36;

/** It has a version, because servers of two releases run side by side and would not notice missing fields. */
type EncodedContent = readonly [version: string, kind: string, contents: object[]];

/**
 * Lets servers notify each other through Redis (ADR 35). The log in PostgreSQL still decides which events happened,
 * in which order, and who may receive them. Redis carries three things. Wake-ups make all servers, or those that
 * host a room, read the log. The content of new messages saves those servers a read. The third are signals.
 *
 * Each hosted room is a channel, to which this server subscribes while it hosts the room. Channels are sharded: in
 * a cluster each is on one node, and no message goes to the others.
 */
@Injectable()
export class RedisCarrier implements Carrier, LinkUser, BeforeApplicationShutdown {
  private readonly logger = new Logger(RedisCarrier.name);
  private readonly subscribed = new Set<string>();
  private readonly changed = new Set<string>();
  private readonly published: ReturnType<Metrics['counter']>;

  constructor(
    private readonly link: RedisLink,
    private readonly relay: EventRelay,
    private readonly hosted: HostedRooms,
    private readonly shared: SharedEvents,
    private readonly signals: Signals,
    metrics: Metrics,
  ) {
    this.published = metrics.counter(
      'xfchat_redis_published_total',
      'Messages published through Redis for other servers',
      ['what'],
    );
    metrics.gauge('xfchat_redis_channels', 'Rooms that this server has subscribed to in Redis', () =>
      link.isConfigured ? this.subscribed.size : undefined,
    );
    if (!link.isConfigured) return;
    relay.useCarrier(this);
    hosted.onChange((room) => this.change(room));
    link.use(this);
  }

  start(): void {
    this.link.start();
  }

  beforeApplicationShutdown(): void {
    this.link.stop();
  }

  get identity(): string | undefined {
    return this.link.identity;
  }

  wake(): void {
    this.published.inc({ what: 'wake-up' });
    this.link.publish(this.wakeChannel, this.relay.serverId);
  }

  publishSignal(room: string, text: string): void {
    this.published.inc({ what: 'signal' });
    this.link.publish(this.channelOf(room), `${this.relay.serverId}${SIGNAL}${text}`);
  }

  publishContents(contents: readonly RoomContent[]): void {
    const byRoom = new Map<string, RoomContent[]>();
    for (const content of contents) {
      const ofRoom = byRoom.get(content.room);
      if (ofRoom) ofRoom.push(content);
      else byRoom.set(content.room, [content]);
    }
    for (const [room, ofRoom] of byRoom) {
      const encoded: EncodedContent = [version, ofRoom[0]!.kind, ofRoom.map(({ content }) => content)];
      this.published.inc({ what: 'content' });
      const text = `${this.relay.serverId}${CONTENT}${JSON.stringify(encoded)}`;
      this.link.publish(this.channelOf(room), text);
    }
  }

  channels(): string[] {
    this.changed.clear();
    this.subscribed.clear();
    for (const room of this.hosted.rooms()) if (!room.startsWith(UNSHARED_ROOMS)) this.subscribed.add(room);
    return [this.wakeChannel, ...[...this.subscribed].map((room) => this.channelOf(room))];
  }

  readonly onMessage = (text: string): void => {
    if (text.startsWith(this.relay.serverId)) return;
    const content = text.slice(ID_LENGTH + 1);
    if (text[ID_LENGTH] === SIGNAL) return this.signals.receive(content);
    if (text[ID_LENGTH] === CONTENT) this.keep(content);
    this.relay.look();
  };

  onUp(): void {
    this.relay.carrierChanged();
  }

  onDown(): void {
    this.relay.carrierChanged();
  }

  private keep(text: string): void {
    try {
      const [writtenBy, kind, contents] = JSON.parse(text) as EncodedContent;
      if (writtenBy === version) for (const content of contents) this.shared.keepContent(kind, content);
    } catch (error) {
      this.logger.warn(`could not parse a message of another server: ${(error as Error).name}`);
    }
  }

  private get wakeChannel(): string {
    return `${this.link.namespace}:servers`;
  }

  private channelOf(room: string): string {
    return `${this.link.namespace}:room:${room}`;
  }

  private change(room: string): void {
    if (room.startsWith(UNSHARED_ROOMS)) return;
    if (this.changed.size === 0) setImmediate(() => void this.subscribeChanged());
    this.changed.add(room);
  }

  /** The next read of the log finds events that were published before the subscription took effect. */
  private async subscribeChanged(): Promise<void> {
    const rooms = [...this.changed];
    this.changed.clear();
    const added = rooms.filter((room) => this.hosted.has(room) && !this.subscribed.has(room));
    const removed = rooms.filter((room) => !this.hosted.has(room) && this.subscribed.has(room));
    for (const room of added) this.subscribed.add(room);
    for (const room of removed) this.subscribed.delete(room);
    if (removed.length > 0) void this.link.unsubscribe(removed.map((room) => this.channelOf(room)));
    if (added.length === 0) return;
    await this.link.subscribe(
      added.map((room) => this.channelOf(room)),
      this.onMessage,
    );
    this.relay.look();
  }
}
