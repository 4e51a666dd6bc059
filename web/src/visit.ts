import { signal, type Signal } from '@preact/signals';
import { XFChatError, type OwnUser, type XFChatClient } from '@xfchat/client';
import { Drafts } from './drafts.ts';
import { Friends } from './people/friends.ts';
import { People } from './people/people.ts';
import type { Request } from './request.ts';

/**
 * One user's stay, from signing in to signing out, with all that the page knows of them. It is thrown away with them and
 * never emptied for the next user: an answer that comes late changes what is not shown any more.
 */
export class Visit {
  /** One's own profile. */
  readonly user: Signal<OwnUser>;
  readonly drafts: Drafts;
  readonly friends: Friends;
  readonly people: People;
  private isOver = false;

  constructor(
    private readonly client: XFChatClient,
    user: OwnUser,
  ) {
    this.user = signal(user);
    this.drafts = new Drafts(client.storage);
    this.friends = new Friends(this.request);
    this.people = new People(this.request);
  }

  get hasEnded(): boolean {
    return this.isOver;
  }

  /** @throws XFChatError `signed-out` when the stay has ended, before the request or before its answer */
  readonly request: Request = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    this.demand();
    const answer = await this.client.request<T>(method, path, body);
    this.demand();
    return answer;
  };

  /** Reads one's own profile anew: it may have been changed on another device. */
  async reloadProfile(): Promise<void> {
    this.user.value = await this.request<OwnUser>('GET', '/users/me');
  }

  end(): void {
    this.isOver = true;
  }

  private demand(): void {
    if (this.isOver) throw XFChatError.signedOut();
  }
}
