import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { toError } from './problem.ts';
import type { Presence } from './types.ts';
import { parseId } from './validate.ts';

/** Pause before a rejected watch list is sent again, in milliseconds, unless the server names another one. */
const RETRY_MS = 5_000;

interface PresenceWatchEvents {
  /** The presence of this user has changed; undefined when it is unknown, as without a connection. */
  changed: { readonly userId: string; readonly presence: Presence | undefined };
}

/**
 * Watches the presence of the users on one watch list. The client sends the list again after each connect. Without a
 * connection all presence is unknown, because no event would report a change.
 */
export class PresenceWatch extends Emitter<PresenceWatchEvents> {
  private wanted: readonly string[] = [];
  private readonly known = new Map<string, Presence>();
  private status: 'online' | 'away' = 'online';
  private isSending = false;
  /** The server does not have the current list yet. */
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

  /** The presence of a watched user; undefined while it is unknown. */
  get(userId: string): Presence | undefined {
    return this.known.get(userId.toLowerCase());
  }

  /**
   * Replaces the watch list. It holds at most 500 users; an empty list ends the watching.
   * @throws XFChatError `validation-failed` for an id that is not a UUID
   */
  watch(userIds: Iterable<string>): void {
    const wanted = new Set([...userIds].map((id) => parseId('The id of a user', id)));
    if (wanted.size === this.wanted.length && this.wanted.every((id) => wanted.has(id))) return;
    this.wanted = [...wanted];
    for (const userId of [...this.known.keys()]) if (!wanted.has(userId)) this.drop(userId);
    this.send();
  }

  /** Reports whether the user is at this device. Later connections report the same. */
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
    // A failure is ignored: the next connection reports `away` again, and a rate limit is no error for the user.
    this.connection.command('presence:set', { status: this.status }).catch(() => undefined);
  }

  private send(): void {
    clearTimeout(this.timer);
    this.isStale = true;
    if (!this.isSending && this.connection.ready) void this.sendAll();
  }

  /** Sends one command at a time, so that the server ends up with the newest list. */
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
        // The handler of `ready` marked the list as stale: the loop sends it over the new connection.
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
