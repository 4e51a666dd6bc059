import { signal, type Signal } from '@preact/signals';
import type { User, Users } from '@xfchat/client';

/** People of whom only the id is known: who has left a conversation, or is far down in its list of participants. */
export class People {
  private readonly found = new Map<string, Signal<User | undefined>>();

  constructor(private readonly users: Users) {}

  /** Asked for when it is first wanted; undefined until then, and when there is nobody of this id any more. */
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
      this.found.delete(userId); // asked again when it is wanted again
    }
  }
}
