import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { inBackground } from '../../platform/request-context';
import { EventRelay } from '../../platform/servers/event-relay';
import { HostedRooms } from '../../platform/servers/hosted-rooms';
import { Signals } from '../../platform/servers/signals';
import { decode, encode, type EncodedSaid, type Said } from './presence-codec';
import { PresenceDirectory } from './presence-directory';

/** A room that every server hosts and no socket joins. */
const ROOM = 'presence:servers';
const PEOPLE_PER_SIGNAL = 40;
/** When everybody connects to one server at once, it uses a third of what signals can carry. */
const PEOPLE_PER_TICK = 480;
const TICK_MS = 100;
const HEARTBEAT_MS = 2_000;
/** The users of a server count as offline after it was silent for this long. */
const SILENCE_MS = 6_000;
const CHECK_MS = 1_000;
/** No batch has this number or follows it. */
const UNKNOWN = -1;

/** One part of a server's reports, numbered so that others notice a missing part. */
interface Batch {
  readonly from: string;
  readonly number: number;
  readonly people: readonly EncodedSaid[];
  /** Marks the beginning and the end of a complete report. */
  readonly whole?: 'begin' | 'end';
}

interface Peer {
  number: number;
  heardAt: number;
  askedAt: number;
  /** The users named since the complete report began. */
  named: Set<string> | undefined;
}

/**
 * Reports to the other servers who is connected here, and receives their reports, by signals. Signals may be lost, so
 * they are numbered and a heartbeat repeats the last number. A server that notices a gap asks for a complete report.
 * Each server reports only on its own sockets, so servers have nothing to agree on.
 */
@Injectable()
export class PresenceExchange implements OnModuleInit, OnModuleDestroy {
  private readonly peers = new Map<string, Peer>();
  /** Changes to report, by user; the last of several changes counts. */
  private readonly waiting = new Map<string, number | undefined>();
  /** The users still to be named in the complete report under way. */
  private rest: string[] | undefined;
  private isAskedAgain = false;
  private number = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private checkedAt = 0;
  private offline: (said: Said) => void = () => undefined;
  private silent: (userIds: readonly string[]) => void = () => undefined;

  constructor(
    private readonly relay: EventRelay,
    private readonly signals: Signals,
    private readonly hosted: HostedRooms,
    private readonly directory: PresenceDirectory,
  ) {}

  get ownId(): string {
    return this.relay.serverId;
  }

  onModuleInit(): void {
    this.signals.on<Batch>('presence', (batch) => this.take(batch));
    this.signals.on<Omit<Batch, 'people'>>('presence-alive', ({ from, number }) => {
      if (from === this.ownId) return;
      const peer = this.heard(from);
      if (number !== peer.number) this.missed(from, peer);
    });
    this.signals.on<{ of: string }>('presence-ask', ({ of }) => {
      if (of === this.ownId) this.sayEverything();
    });
    this.hosted.open(ROOM);
    this.timers.push(
      setInterval(() => this.heartbeat(), HEARTBEAT_MS).unref(),
      setInterval(() => this.forgetSilent(), CHECK_MS).unref(),
    );
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    for (const timer of this.timers) clearInterval(timer);
  }

  /** The listener runs before another server's report takes a user offline. */
  onOffline(listener: (said: Said) => void): void {
    this.offline = listener;
  }

  /** The listener runs with the users of a server that fell silent. No report says when they were last online. */
  onSilence(listener: (userIds: readonly string[]) => void): void {
    this.silent = listener;
  }

  /**
   * Reports a change of a user who is or was connected here. @param seenAt when the user was last online, if offline
   */
  tell(userId: string, seenAt?: number): void {
    this.waiting.set(userId, seenAt);
    this.arm();
  }

  private arm(): void {
    this.timer ??= inBackground(() => setTimeout(() => this.tick(), TICK_MS)).unref();
  }

  private tick(): void {
    this.timer = undefined;
    const people: Said[] = [];
    for (const [userId, seenAt] of this.waiting) {
      if (people.length === PEOPLE_PER_TICK) break;
      this.waiting.delete(userId);
      people.push({ userId, status: this.directory.saidBy(this.ownId, userId), seenAt });
    }
    for (const userId of this.rest?.splice(0, PEOPLE_PER_TICK - people.length) ?? []) {
      const status = this.directory.saidBy(this.ownId, userId);
      if (status !== 'offline') people.push({ userId, status });
    }
    for (let index = 0; index < people.length; index += PEOPLE_PER_SIGNAL)
      this.say(people.slice(index, index + PEOPLE_PER_SIGNAL));
    if (this.rest?.length === 0) {
      this.say([], 'end');
      this.rest = undefined;
      if (this.isAskedAgain) this.sayEverything();
    }
    if (this.waiting.size > 0 || this.rest) this.arm();
  }

  private say(people: readonly Said[], whole?: Batch['whole']): void {
    const batch: Batch = { from: this.ownId, number: ++this.number, people: people.map(encode), whole };
    this.signals.publish('presence', ROOM, batch);
  }

  /** Starts one complete report for all servers that ask meanwhile. */
  private sayEverything(): void {
    this.isAskedAgain = this.rest !== undefined;
    if (this.rest) return;
    this.rest = this.directory.peopleOf(this.ownId);
    this.say([], 'begin');
    this.arm();
  }

  private heartbeat(): void {
    this.signals.publish('presence-alive', ROOM, { from: this.ownId, number: this.number });
  }

  private heard(from: string): Peer {
    const peer = this.peers.get(from) ?? {
      number: UNKNOWN,
      heardAt: 0,
      askedAt: -Infinity,
      named: undefined,
    };
    this.peers.set(from, peer);
    peer.heardAt = performance.now();
    return peer;
  }

  /** Asks for a complete report, again and again until one begins: the question may be lost as well. */
  private missed(from: string, peer: Peer): void {
    peer.number = UNKNOWN;
    peer.named = undefined;
    if (peer.heardAt - peer.askedAt < CHECK_MS) return;
    peer.askedAt = peer.heardAt;
    this.signals.publish('presence-ask', ROOM, { of: from });
  }

  private take({ from, number, people, whole }: Batch): void {
    if (from === this.ownId) return;
    const peer = this.heard(from);
    if (whole === 'begin') peer.named = new Set();
    else if (number !== peer.number + 1) this.missed(from, peer);
    if (whole === 'begin' || peer.number !== UNKNOWN) peer.number = number;
    for (const said of people.map(decode)) {
      peer.named?.add(said.userId);
      if (said.status === 'offline') this.offline(said);
      this.directory.set(from, said.userId, said.status);
    }
    if (whole !== 'end' || !peer.named) return;
    const { named } = peer;
    peer.named = undefined;
    this.drop(
      from,
      this.directory.peopleOf(from).filter((userId) => !named.has(userId)),
    );
  }

  /**
   * A server that receives nothing cannot tell who is silent, nor can one that was suspended. It gives all others a new
   * period.
   */
  private forgetSilent(): void {
    const now = performance.now();
    const isDeaf = !this.relay.isLive || now - this.checkedAt > 3 * CHECK_MS;
    this.checkedAt = now;
    for (const [serverId, peer] of this.peers) {
      if (isDeaf) peer.heardAt = now;
      if (now - peer.heardAt < SILENCE_MS) continue;
      this.peers.delete(serverId);
      this.drop(serverId, this.directory.peopleOf(serverId));
    }
  }

  private drop(serverId: string, userIds: readonly string[]): void {
    if (userIds.length === 0) return;
    for (const userId of userIds) this.directory.set(serverId, userId, 'offline');
    this.silent(userIds);
  }
}
