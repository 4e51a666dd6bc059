import type { ConversationState } from './catch-up-states.ts';
import type { MessageList } from './message-list.ts';
import type { ConversationView } from './types.ts';

/** The state of one conversation in the catch-up. */
export class Entry {
  /** Only `Entries.move` changes it. */
  state: ConversationState = 'unknown';
  /**
   * Counts the triggers that said that something may be missing. An answer proves completeness only if the count is still
   * the one of the request.
   */
  noticed = 0;
  /** The conversation as it was read over HTTP since `ready`, until the list has taken it. */
  view: ConversationView | undefined;
  /** The fields of this user, such as the unread count, must be read again. */
  isViewOutdated = false;
  /** An event named it since `ready`. */
  isReceivedSinceReady = false;
  /** The application has opened it, so it is kept even if the user has hidden it. */
  isOpened = false;

  constructor(
    readonly id: string,
    private readonly lists: ReadonlyMap<string, MessageList>,
  ) {}

  /** The messages and the position that the client holds of the conversation. */
  get list(): MessageList | undefined {
    return this.lists.get(this.id);
  }
}

/** All conversations that are known or were mentioned, with their states. */
export class Entries {
  /** The conversations in state `unknown` or `incomplete`. The one that has waited longest is first. */
  readonly pending = new Set<Entry>();
  readonly gaps = new Set<Entry>();
  private readonly byId = new Map<string, Entry>();

  constructor(private readonly lists: ReadonlyMap<string, MessageList>) {}

  get(id: string): Entry | undefined {
    return this.byId.get(id);
  }

  of(id: string): Entry {
    let entry = this.byId.get(id);
    if (!entry) {
      this.byId.set(id, (entry = new Entry(id, this.lists)));
      this.pending.add(entry);
    }
    // The storage may be old: the client may have missed anything since it was written.
    if (entry.state === 'unknown' && entry.list?.position) this.move(entry, 'incomplete');
    return entry;
  }

  /** All entries, including those of lists that were not mentioned yet. */
  all(): Entry[] {
    for (const id of this.lists.keys()) this.of(id);
    return [...this.byId.values()];
  }

  move(entry: Entry, state: ConversationState): void {
    entry.state = state;
    if (state === 'unknown' || state === 'incomplete') this.pending.add(entry);
    else this.pending.delete(entry);
    if (state === 'gap') this.gaps.add(entry);
    else this.gaps.delete(entry);
  }

  delete(entry: Entry): void {
    this.byId.delete(entry.id);
    this.pending.delete(entry);
    this.gaps.delete(entry);
  }

  clear(): void {
    for (const entries of [this.byId, this.pending, this.gaps]) entries.clear();
  }

  /** Forgets which conversations were read or named over an earlier socket. */
  forgetReads(): void {
    for (const entry of this.byId.values()) {
      entry.view = undefined;
      entry.isViewOutdated = entry.isReceivedSinceReady = false;
    }
  }
}
