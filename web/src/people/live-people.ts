import { signal, type Signal } from '@preact/signals';
import type { Presence } from '@xfchat/client';

/** The presence and typing of other users, as signals. */
export class LivePeople {
  private readonly presences = new Map<string, Signal<Presence | undefined>>();
  private readonly typists = new Map<string, Signal<readonly string[]>>();

  /** Undefined while the presence is unknown, as without a connection. */
  presenceOf(userId: string): Signal<Presence | undefined> {
    return known(this.presences, userId, undefined);
  }

  typistsIn(conversationId: string): Signal<readonly string[]> {
    return known(this.typists, conversationId, []);
  }
}

function known<Value>(signals: Map<string, Signal<Value>>, id: string, initial: Value): Signal<Value> {
  let found = signals.get(id);
  if (!found) signals.set(id, (found = signal(initial)));
  return found;
}
