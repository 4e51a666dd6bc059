import { signal } from '@preact/signals';
import type { AcceptedFriendRequest, FriendRequest, Page, User } from '@xfchat/client';
import type { Request } from '../request.ts';

/** Friends, requests and blocks. They are read anew whenever the server says that any of them has changed. */
export class Friends {
  /** Undefined until they were read for the first time. */
  readonly list = signal<readonly User[] | undefined>(undefined);
  readonly incoming = signal<readonly FriendRequest[]>([]);
  readonly outgoing = signal<readonly FriendRequest[]>([]);
  readonly blocked = signal<readonly User[]>([]);
  private reading: Promise<void> | undefined;
  private isStale = false;

  constructor(private readonly request: Request) {}

  /** A request during a read causes one more read afterwards. */
  reload(): void {
    this.isStale = true;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
  }

  /** @param message a word to go with it; empty for none */
  async ask(username: string, message: string): Promise<void> {
    await this.change('POST', '/friend-requests', {
      recipientUsername: username,
      ...(message && { message }),
    });
  }

  /** @returns the id of the direct conversation with the new friend */
  async accept(request: FriendRequest): Promise<string> {
    const path = `/friend-requests/${request.id}/accept`;
    const { conversation } = await this.change<AcceptedFriendRequest>('POST', path);
    return conversation.id;
  }

  async decline(request: FriendRequest): Promise<void> {
    await this.change('POST', `/friend-requests/${request.id}/decline`);
  }

  async cancel(request: FriendRequest): Promise<void> {
    await this.change('DELETE', `/friend-requests/${request.id}`);
  }

  async remove(user: User): Promise<void> {
    await this.change('DELETE', `/friends/${user.id}`);
  }

  async block(user: User): Promise<void> {
    await this.change('PUT', `/users/me/blocks/${user.id}`);
  }

  async unblock(user: User): Promise<void> {
    await this.change('DELETE', `/users/me/blocks/${user.id}`);
  }

  private async change<T>(method: string, path: string, body?: object): Promise<T> {
    try {
      return await this.request<T>(method, path, body);
    } finally {
      this.reload();
    }
  }

  private async read(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      try {
        const [list, incoming, outgoing, blocked] = await Promise.all([
          this.all<User>('/friends?'),
          this.all<FriendRequest>('/friend-requests?direction=incoming&status=pending&'),
          this.all<FriendRequest>('/friend-requests?direction=outgoing&status=pending&'),
          this.all<User>('/users/me/blocks?'),
        ]);
        this.list.value = list;
        this.incoming.value = incoming;
        this.outgoing.value = outgoing;
        this.blocked.value = blocked;
      } catch {
        return; // what is shown was true a while ago; the next connection reads it anew
      }
    }
  }

  private async all<T>(path: string): Promise<T[]> {
    const found: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.request<Page<T>>('GET', `${path}limit=200${after}`);
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    return found;
  }
}
