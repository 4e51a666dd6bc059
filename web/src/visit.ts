import { signal, type Signal } from '@preact/signals';
import type { OwnUser, Profile, Search, Users, XFChatClient } from '@xfchat/client';
import { Drafts, type TabStorage } from './drafts.ts';
import { Friends } from './people/friends.ts';
import { LivePeople } from './people/live-people.ts';
import { People } from './people/people.ts';

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
  readonly live = new LivePeople();
  /** These ask the server as this user, and never as the next one. */
  readonly profile: Profile;
  readonly users: Users;
  readonly search: Search;
  private isOver = false;

  constructor(client: XFChatClient, user: OwnUser, tab: TabStorage) {
    this.user = signal(user);
    this.drafts = new Drafts(client.storage, user.id, tab);
    this.profile = client.profile;
    this.users = client.users;
    this.search = client.search;
    this.friends = new Friends(client.friends);
    this.people = new People(this.users);
  }

  get hasEnded(): boolean {
    return this.isOver;
  }

  /** Reads one's own profile anew: it may have been changed on another device. */
  async reloadProfile(): Promise<void> {
    this.user.value = await this.profile.read();
  }

  end(): void {
    this.isOver = true;
    this.drafts.end();
  }
}
