import type { ConversationState } from './catch-up-states.ts';
import type { MessageList } from './message-list.ts';
import type { ConversationView } from './types.ts';

/** One conversation as catching up sees it. */
export class Entry {
  /** Changed by `Entries.move` alone. */
  state: ConversationState = 'unknown';
  /** How often it was noticed that something may be missing. An answer is whole only for what was noticed before it was asked for. */
  noticed = 0;
  /** The conversation as it was read since `ready`, until it is taken. */
  view: ConversationView | undefined;
  /** The user's own part must be read again. */
  isViewOutdated = false;
  /** An event named it since `ready`. */
  isReceivedSinceReady = false;
  /** Kept although the user may have hidden it: the application has asked for it. */
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

/** All conversations of which anything is known, and which of them are in which state. */
export class Entries {
  /** Unknown or incomplete, those that wait longest first. */
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

  /** All of them, with those that are held and were not mentioned yet. */
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

  /** Forgets which conversations an earlier socket has read or named: a new socket has to name them itself. */
  forgetReads(): void {
    for (const entry of this.byId.values()) {
      entry.view = undefined;
      entry.isViewOutdated = entry.isReceivedSinceReady = false;
    }
  }
}
