import { signal, type Signal } from '@preact/signals';
import type { OwnUser, Profile, Search, Users, XFChatClient } from '@xfchat/client';
import { Drafts, type TabStorage } from './drafts.ts';
import { Friends } from './people/friends.ts';
import { LivePeople } from './people/live-people.ts';
import { People } from './people/people.ts';

/**
 * The time of one user on this page, from signing in to signing out, with all data that belongs to them. The next user gets a
 * new object, so a late answer can change only data that is not shown any more.
 */
export class Visit {
  /** The user's own profile. */
  readonly user: Signal<OwnUser>;
  readonly drafts: Drafts;
  readonly friends: Friends;
  readonly people: People;
  readonly live = new LivePeople();
  /** These three act for this user only; after another user has signed in, their calls reject. */
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

  /** Reads the profile again, because another device may have changed it. */
  async reloadProfile(): Promise<void> {
    this.user.value = await this.profile.read();
  }

  end(): void {
    this.isOver = true;
    this.drafts.end();
  }
}
