import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Socket } from 'socket.io';
import { Metrics } from '../../platform/metrics/metrics';
import { inBackground } from '../../platform/request-context';
import { EventRelay } from '../../platform/servers/event-relay';
import { PresenceDirectory } from './presence-directory';
import type { PresenceView } from './presence.dto';

const TICK_MS = 100;
/** Events of one socket in one tick. */
const PER_SOCKET = 50;
/** Events of all sockets in one tick. This bounds what a server spends on presence. */
const PER_TICK = 1_000;

/** One user on the watch list of one socket. */
export interface Watched {
  readonly watch: Watch;
  readonly userId: string;
  /** Why the viewer may see the user (`Sight`). Null: they may not. Undefined: the database has to be asked. */
  through: string | null | undefined;
  /** Increases with each question, so that answers to earlier ones are dropped. */
  question: number;
  /** The last state that the socket received. */
  told: string;
}

/** The watch list of one socket. */
export interface Watch {
  readonly socket: Socket;
  readonly viewerId: string;
  readonly people: Map<string, Watched>;
  readonly hidesLastSeen: () => boolean;
}

/**
 * The watch lists of all sockets here, and the events that they get. A change only marks the affected list entries; the
 * next tick sends their current state. A socket gets at most `PER_SOCKET` events in a tick, and all sockets together
 * get `PER_TICK`. The others wait, and of several changes meanwhile only the last is sent.
 */
@Injectable()
export class PresenceWatches implements OnModuleDestroy {
  private readonly bySocket = new Map<string, Watch>();
  private readonly byViewer = new Map<string, Set<Watch>>();
  private readonly byPerson = new Map<string, Set<Watched>>();
  /** By the conversation through which the viewer may see the user. */
  private readonly byConversation = new Map<string, Set<Watched>>();
  /** When watched offline users were last online, unless they hide it. */
  private readonly lastSeen = new Map<string, number>();
  private readonly changed = new Map<Watch, Set<Watched>>();
  private timer: NodeJS.Timeout | undefined;
  private readonly emitted;

  constructor(
    private readonly directory: PresenceDirectory,
    private readonly relay: EventRelay,
    metrics: Metrics,
  ) {
    this.emitted = metrics.counter('xfchat_presence_events_total', 'Presence events sent to sockets');
    metrics.gauge('xfchat_presence_watched', 'Entries of all watch lists of sockets', () => {
      let count = 0;
      for (const { people } of this.bySocket.values()) count += people.size;
      return count;
    });
    metrics.gauge('xfchat_presence_waiting', 'Presence changes that wait to be sent', () => {
      let count = 0;
      for (const people of this.changed.values()) count += people.size;
      return count;
    });
    directory.onChange((userId) => this.mark(this.byPerson.get(userId) ?? []));
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  /** Replaces the watch list of a socket. The viewer sees nobody on it yet. */
  replace(
    socket: Socket,
    viewerId: string,
    userIds: readonly string[],
    hidesLastSeen: () => boolean,
  ): Watched[] {
    this.forget(socket.id);
    const watch: Watch = { socket, viewerId, people: new Map(), hidesLastSeen };
    for (const userId of userIds) {
      const watched: Watched = { watch, userId, through: undefined, question: 0, told: '' };
      watch.people.set(userId, watched);
      add(this.byPerson, userId, watched);
    }
    if (userIds.length === 0) return [];
    this.bySocket.set(socket.id, watch);
    add(this.byViewer, viewerId, watch);
    return [...watch.people.values()];
  }

  /** Removes the watch list of a socket. */
  forget(socketId: string): void {
    const watch = this.bySocket.get(socketId);
    if (!watch) return;
    this.bySocket.delete(socketId);
    this.changed.delete(watch);
    remove(this.byViewer, watch.viewerId, watch);
    for (const watched of watch.people.values()) {
      this.see(watched, null);
      remove(this.byPerson, watched.userId, watched);
      if (!this.byPerson.has(watched.userId)) this.lastSeen.delete(watched.userId);
    }
  }

  /** The entries by which one user watches another, on all sockets here. */
  between(viewerId: string, userId: string): Watched[] {
    return [...(this.byViewer.get(viewerId) ?? [])].flatMap(({ people }) => people.get(userId) ?? []);
  }

  /** The entries that depend on a conversation. */
  inConversation(conversationId: string): Watched[] {
    return [...(this.byConversation.get(conversationId) ?? [])];
  }

  /** The entries that watch a user. */
  watching(userId: string): Watched[] {
    return [...(this.byPerson.get(userId) ?? [])];
  }

  /** The entries that watch a user, and the user's own entries. */
  about(userId: string): Watched[] {
    const watched = [...(this.byViewer.get(userId) ?? [])].flatMap(({ people }) => [...people.values()]);
    return [...watched, ...this.watching(userId)];
  }

  /** False as soon as the socket has another list, or none. */
  isListed({ watch }: Watched): boolean {
    return this.bySocket.get(watch.socket.id) === watch;
  }

  /** Sets whether the viewer may see the user, from this moment on. */
  see(watched: Watched, through: string | null | undefined): void {
    const before = watched.through;
    if (before && before !== 'friend') remove(this.byConversation, before, watched);
    watched.through = through;
    if (through && through !== 'friend') add(this.byConversation, through, watched);
  }

  /** Sets when an offline user was last online; undefined when nobody may know. */
  seen(userId: string, at: number | undefined): void {
    if (!this.byPerson.has(userId)) return;
    if (at === undefined) this.lastSeen.delete(userId);
    // An answer of the database may be older than what a server has told since.
    else this.lastSeen.set(userId, Math.max(at, this.lastSeen.get(userId) ?? 0));
  }

  /** The state that the viewer may see now. It counts as sent. */
  view(watched: Watched): PresenceView {
    const { userId, watch, through } = watched;
    const status = through ? this.directory.statusOf(userId) : 'offline';
    const at =
      through && status === 'offline' && !watch.hidesLastSeen() ? this.lastSeen.get(userId) : undefined;
    const lastSeenAt = at === undefined ? null : new Date(at).toISOString();
    watched.told = `${status} ${lastSeenAt}`;
    return { userId, status, lastSeenAt };
  }

  /** Marks entries that may have changed, for the next tick. */
  mark(people: Iterable<Watched>): void {
    for (const watched of people) {
      if (!this.bySocket.has(watched.watch.socket.id)) continue;
      add(this.changed, watched.watch, watched);
    }
    if (this.changed.size > 0) this.arm();
  }

  private arm(): void {
    this.timer ??= inBackground(() => setTimeout(() => this.tick(), TICK_MS)).unref();
  }

  private tick(): void {
    this.timer = undefined;
    // A server without a lease delivers nothing (G6): it may not know of a block yet.
    if (this.relay.isLive) this.tell();
    if (this.changed.size > 0) this.arm();
  }

  private tell(): void {
    let left = PER_TICK;
    for (const [watch, people] of [...this.changed]) {
      if (left <= 0) return;
      this.changed.delete(watch);
      let own = Math.min(PER_SOCKET, left);
      for (const watched of people) {
        if (own === 0) break;
        people.delete(watched);
        // The database has to be asked first. Its answer marks the entry again.
        if (watched.through === undefined) continue;
        const before = watched.told;
        const view = this.view(watched);
        if (watched.told === before) continue;
        watch.socket.emit('presence', view);
        this.emitted.inc();
        own--;
        left--;
      }
      // The rest goes to the end of the queue.
      if (people.size > 0) this.changed.set(watch, people);
    }
  }
}

function add<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

function remove<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set?.delete(value) && set.size === 0) sets.delete(key);
}
