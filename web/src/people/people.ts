import { signal, type Signal } from '@preact/signals';
import type { User, Users } from '@xfchat/client';

/** Finds users by id, such as the authors of messages who have left or are not among the loaded participants. */
export class People {
  private readonly found = new Map<string, Signal<User | undefined>>();

  constructor(private readonly users: Users) {}

  /** The user with this id; undefined until it is loaded, and when no such user exists. The first call loads it. */
  of(userId: string): Signal<User | undefined> {
    let user = this.found.get(userId);
    if (!user) {
      this.found.set(userId, (user = signal<User | undefined>(undefined)));
      void this.find(userId, user);
    }
    return user;
  }

  private async find(userId: string, user: Signal<User | undefined>): Promise<void> {
    try {
      user.value = await this.users.get(userId);
    } catch {
      this.found.delete(userId); // the next call asks again
    }
  }
}
