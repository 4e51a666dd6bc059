import { signal } from '@preact/signals';
import type { FriendRequest, Friends as FriendsOfUser, User } from '@xfchat/client';

/** Friends, friend requests and blocks. All are read again whenever the server reports a change. */
export class Friends {
  /** Undefined until they were read for the first time. */
  readonly list = signal<readonly User[] | undefined>(undefined);
  readonly incoming = signal<readonly FriendRequest[]>([]);
  readonly outgoing = signal<readonly FriendRequest[]>([]);
  readonly blocked = signal<readonly User[]>([]);
  private reading: Promise<void> | undefined;
  private isStale = false;

  constructor(private readonly friends: FriendsOfUser) {}

  /** Reads everything again. A call during a read causes one more read afterwards. */
  reload(): void {
    this.isStale = true;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
  }

  /** @param message the text of the request; may be empty */
  async ask(username: string, message: string): Promise<void> {
    await this.changed(this.friends.ask(username, message || undefined));
  }

  /** @returns the id of the direct conversation with the new friend */
  async accept({ id }: FriendRequest): Promise<string> {
    const { conversation } = await this.changed(this.friends.accept(id));
    return conversation.id;
  }

  decline({ id }: FriendRequest): Promise<void> {
    return this.changed(this.friends.decline(id));
  }

  cancel({ id }: FriendRequest): Promise<void> {
    return this.changed(this.friends.cancel(id));
  }

  remove({ id }: User): Promise<void> {
    return this.changed(this.friends.remove(id));
  }

  block({ id }: User): Promise<void> {
    return this.changed(this.friends.block(id));
  }

  unblock({ id }: User): Promise<void> {
    return this.changed(this.friends.unblock(id));
  }

  /** Reads everything again after a change, also after a failed one. */
  private changed<T>(change: Promise<T>): Promise<T> {
    return change.finally(() => this.reload());
  }

  private async read(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      try {
        const [list, incoming, outgoing, blocked] = await Promise.all([
          this.friends.list(),
          this.friends.requests('incoming'),
          this.friends.requests('outgoing'),
          this.friends.blocked(),
        ]);
        this.list.value = list;
        this.incoming.value = incoming;
        this.outgoing.value = outgoing;
        this.blocked.value = blocked;
      } catch {
        return; // keep the lists that are shown; the next connection reads them again
      }
    }
  }
}
