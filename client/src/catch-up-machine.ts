import { Entries, type Entry } from './catch-up-entries.ts';
import { CONVERSATION, type ConversationEffect, type ConversationTrigger } from './catch-up-states.ts';
import type { MessageList } from './message-list.ts';
import { XFChatError } from './problem.ts';
import type { ConversationEvent, Message } from './types.ts';

/** A gap may close by itself within this time, in milliseconds: an acknowledgement may overtake the events before it. */
const GAP_PATIENCE_MS = 100;

export interface MachineOptions {
  /** All known conversations, by id. */
  readonly lists: ReadonlyMap<string, MessageList>;
  /** The list or its completeness has changed. */
  readonly changed: (list: MessageList) => void;
  /** The held messages are dropped: the list restarts. */
  readonly restarted: (list: MessageList) => void;
  /** The user does not participate any more, or the server rejects the conversation with `error`. */
  readonly gone: (conversationId: string, error: XFChatError) => void;
  /** Some conversation must be read from the server. */
  readonly wanted: () => void;
  /** The socket belongs to another epoch, and must be replaced. */
  readonly renew: () => void;
}

/** The data that a trigger carries. */
interface Cause {
  readonly error?: XFChatError;
  /** Applies the received event or message to the list. */
  readonly take?: (entry: Entry, list: MessageList) => void;
}

/** Carries out the table of `catch-up-states.ts` for each conversation. */
export class CatchUpMachine {
  readonly entries: Entries;
  private gapTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: MachineOptions) {
    this.entries = new Entries(options.lists);
  }

  /** @returns the effect that was carried out */
  handle(entry: Entry, trigger: ConversationTrigger, cause: Cause = {}): ConversationEffect {
    // The conversation was dropped while the answer was on its way.
    if (this.entries.get(entry.id) !== entry) return 'stay';
    const effect: ConversationEffect = CONVERSATION[entry.state][trigger];
    this.effects[effect](entry, cause);
    return effect;
  }

  /** Records that something may be missing. */
  notice(entry: Entry): void {
    entry.noticed++;
    this.handle(entry, 'noticed');
  }

  /** Records that something may be missing, and reads it as soon as possible. */
  markIncomplete(entry: Entry): void {
    this.notice(entry);
    entry.isReceivedSinceReady = true;
    if (entry.list) this.options.changed(entry.list);
    this.options.wanted();
  }

  receiveEvent(entry: Entry, event: ConversationEvent): void {
    entry.isReceivedSinceReady = true;
    const take = (_: Entry, list: MessageList): void => {
      // The read position may be newer than the view that waits to be taken.
      const isNewer = event.name === 'conversation:read' && entry.view !== undefined;
      if (!list.apply(event) || isNewer) entry.isViewOutdated = true;
      // The user may have been removed and added again without this client hearing of it.
      if (entry.isViewOutdated || event.name === 'conversation:created') this.markIncomplete(entry);
    };
    this.handle(entry, event.name === 'conversation:removed' ? 'removed' : 'received', { take });
  }

  receiveStored(entry: Entry, message: Message): void {
    this.handle(entry, 'received', { take: (_, list) => list.takeStored(message) });
  }

  /** Handles the state of the list after it has taken something: a hole, a closed hole, or two histories. */
  taken(entry: Entry, list: MessageList): void {
    if (list.isInconsistent) this.handle(entry, 'inconsistent');
    else {
      this.handle(entry, list.hasHole ? 'gap-seen' : 'gap-closed');
      this.options.changed(list);
    }
  }

  lost(): void {
    clearTimeout(this.gapTimer);
    this.gapTimer = undefined;
    this.entries.forgetReads();
    for (const entry of this.entries.all()) this.handle(entry, 'lost');
  }

  private readonly effects = {
    unknown: (entry) => this.entries.move(entry, 'unknown'),
    incomplete: (entry) => this.entries.move(entry, 'incomplete'),
    current: (entry) => this.entries.move(entry, 'current'),
    gap: (entry) => {
      this.entries.move(entry, 'gap');
      this.gapTimer ??= setTimeout(() => this.gapsLasted(), GAP_PATIENCE_MS);
    },
    stay: () => undefined,
    never: () => undefined,
    read: (entry) => this.markIncomplete(entry),
    apply: (entry, { take }) => {
      const list = entry.list!;
      take!(entry, list);
      this.taken(entry, list);
    },
    open: (entry) => {
      entry.isOpened = true;
      if (!entry.list) this.markIncomplete(entry);
    },
    drop: (entry, { error = XFChatError.conversationNotFound() }) => {
      this.entries.delete(entry);
      this.options.gone(entry.id, error);
    },
    restart: (entry) => this.restart(entry),
    renew: (entry) => {
      this.restart(entry);
      this.options.renew();
    },
  } satisfies Record<ConversationEffect, (entry: Entry, cause: Cause) => void>;

  private restart(entry: Entry): void {
    const list = entry.list!;
    list.clear();
    this.entries.move(entry, 'unknown');
    this.notice(entry);
    this.options.restarted(list);
  }

  private gapsLasted(): void {
    this.gapTimer = undefined;
    for (const entry of [...this.entries.gaps]) this.handle(entry, 'gap-lasted');
  }
}
