import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { toError } from './problem.ts';
import type { Presence } from './types.ts';
import { parseId } from './validate.ts';

/** How long to wait before a list is sent again that the server has not taken, unless it says how long. */
const RETRY_MS = 5_000;

interface PresenceWatchEvents {
  /** Of this user something else is known; undefined: nothing, as without a connection. */
  changed: { readonly userId: string; readonly presence: Presence | undefined };
}

/**
 * Who is there, of the people on one list. The server is told the list with each connection. Nothing is known while there
 * is no connection: nobody would say that somebody has gone.
 */
export class PresenceWatch extends Emitter<PresenceWatchEvents> {
  private wanted: readonly string[] = [];
  private readonly known = new Map<string, Presence>();
  private status: 'online' | 'away' = 'online';
  private isSending = false;
  /** Whether the server does not have the list yet. */
  private isStale = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @internal It comes from the client. */
  constructor(private readonly connection: Connection) {
    super();
    connection.on('ready', () => {
      if (this.status === 'away') this.tell();
      if (this.wanted.length > 0) this.send();
    });
    connection.on('lost', () => this.forget());
    connection.on('event', ({ name, payload }) => {
      if (name === 'presence') this.take(payload as Presence);
    });
  }

  /** What is known of somebody on the list. */
  get(userId: string): Presence | undefined {
    return this.known.get(userId.toLowerCase());
  }

  /**
   * Watches these people from now on, and nobody else; at most 500, an empty list ends it.
   * @throws XFChatError `validation-failed` for what is no id
   */
  watch(userIds: Iterable<string>): void {
    const wanted = new Set([...userIds].map((id) => parseId('The id of a user', id)));
    if (wanted.size === this.wanted.length && this.wanted.every((id) => wanted.has(id))) return;
    this.wanted = [...wanted];
    for (const userId of [...this.known.keys()]) if (!wanted.has(userId)) this.drop(userId);
    this.send();
  }

  /** Says whether somebody is at this device. It holds for later connections too. */
  set(status: 'online' | 'away'): void {
    if (status === this.status) return;
    this.status = status;
    this.tell();
  }

  /** @internal Nobody is signed in any more. */
  clear(): void {
    this.wanted = [];
    this.status = 'online';
    this.forget();
  }

  private tell(): void {
    // Without a connection the next one says so; a limit that was reached is no reason to bother anybody.
    this.connection.command('presence:set', { status: this.status }).catch(() => undefined);
  }

  private send(): void {
    clearTimeout(this.timer);
    this.isStale = true;
    if (!this.isSending && this.connection.ready) void this.sendAll();
  }

  /** One command after the other: the last list is the one that the server has in the end. */
  private async sendAll(): Promise<void> {
    this.isSending = true;
    while (this.isStale && this.connection.ready) {
      this.isStale = false;
      const { wanted } = this;
      const { ready } = this.connection;
      try {
        const { presences } = await this.connection.command('presence:watch', { userIds: [...wanted] });
        if (ready === this.connection.ready && wanted === this.wanted)
          presences.forEach((one) => this.take(one));
      } catch (error) {
        // A new connection sends it in any case.
        if (ready !== this.connection.ready) continue;
        this.timer = setTimeout(() => this.send(), toError(error).retryAfterMs || RETRY_MS);
        break;
      }
    }
    this.isSending = false;
  }

  private take(presence: Presence): void {
    if (!this.wanted.includes(presence.userId)) return;
    this.known.set(presence.userId, presence);
    this.emit('changed', { userId: presence.userId, presence });
  }

  private forget(): void {
    clearTimeout(this.timer);
    for (const userId of [...this.known.keys()]) this.drop(userId);
  }

  private drop(userId: string): void {
    this.known.delete(userId);
    this.emit('changed', { userId, presence: undefined });
  }
}
