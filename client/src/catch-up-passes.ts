import { Backoff, Pause, type BackoffOptions } from './backoff.ts';
import type { Entry } from './catch-up-entries.ts';
import type { CatchUpMachine } from './catch-up-machine.ts';
import { sync, type SyncOptions } from './catch-up-sync.ts';
import type { Connection } from './connection.ts';
import type { MessageList } from './message-list.ts';
import { toError, XFChatError } from './problem.ts';
import { PAGE_SIZE } from './routes.ts';
import type { Session } from './session.ts';
import type { ConversationView, Ready } from './types.ts';
import { isId, isViewOf } from './validate.ts';

/** Maximum number of conversations in one `conversation:sync`. */
const MAX_CURSORS = 200;
/** Maximum number of conversations that are read by single requests at the same time. */
const MAX_READS = 10;

export interface PassesOptions extends SyncOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly machine: CatchUpMachine;
  readonly backoff: BackoffOptions;
  readonly create: (conversationId: string) => MessageList;
  /** Called when the overall completeness may have changed. */
  readonly progressed: () => void;
  /** Called with the whole list of conversations, in the server's order. */
  readonly listed: (views: readonly ConversationView[]) => void;
}

/**
 * The state of the catch-up as a whole:
 *   offline   no socket is ready
 *   listing   the list of conversations is being read
 *   working   the list was read, and some conversation is unknown or incomplete
 *   waiting   nothing needs to be read, but a gap may still close by itself
 *   complete  nothing is missing
 */
export type PassesState = 'offline' | 'listing' | 'working' | 'waiting' | 'complete';

/** Reads missing data in passes, one after the other. A pass without progress is followed by a pause. */
export class CatchUpPasses {
  private readonly pause = new Pause();
  private isListed = false;
  private isRunning = false;

  constructor(private readonly options: PassesOptions) {}

  /** Computed from the current facts, so that no event can leave it outdated. */
  get state(): PassesState {
    const { pending, gaps } = this.options.machine.entries;
    if (!this.options.connection.ready) return 'offline';
    if (!this.isListed) return 'listing';
    if (pending.size > 0) return 'working';
    return gaps.size > 0 ? 'waiting' : 'complete';
  }

  /** Makes the next pass read the list of conversations again. */
  forgetList(): void {
    this.isListed = false;
    this.hurry();
  }

  /** Ends a pause. */
  hurry(): void {
    this.pause.wake();
  }

  run(): void {
    if (!this.isRunning) void this.loop();
  }

  /** A pass returns whether it made progress. */
  private readonly passes = {
    offline: undefined,
    listing: (ready) => this.list(ready),
    working: (ready) => this.work(ready),
    waiting: undefined,
    complete: undefined,
  } satisfies Record<PassesState, ((ready: Ready) => Promise<boolean>) | undefined>;

  private async loop(): Promise<void> {
    const { connection, progressed } = this.options;
    this.isRunning = true;
    const backoff = new Backoff(this.options.backoff);
    for (let pass = this.passes[this.state]; pass; pass = this.passes[this.state]) {
      const ready = connection.ready!;
      let pauseMs = 0;
      try {
        if (await pass(ready)) backoff.reset();
        else pauseMs = backoff.next();
      } catch (error) {
        pauseMs = backoff.next(toError(error).retryAfterMs);
      }
      progressed();
      if (pauseMs > 0 && connection.ready === ready) await this.pause.wait(pauseMs);
    }
    this.isRunning = false;
  }

  /**
   * Reads the list of conversations. A held conversation was left or hidden on another device if neither the list nor an event
   * names it.
   */
  private async list(ready: Ready): Promise<boolean> {
    const { session, connection, machine } = this.options;
    const found: ConversationView[] = [];
    let cursor: string | undefined;
    do {
      const page = await session.call('GET /conversations', { query: { limit: PAGE_SIZE, cursor } });
      if (connection.ready !== ready) return false;
      if (!page.items.every((view) => isId(view.id) && isViewOf(view.id, view)))
        throw XFChatError.unreachable(new Error('not a conversation'));
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    this.isListed = true;
    this.options.listed(found);
    for (const view of found) {
      const entry = machine.entries.of(view.id);
      entry.view = view;
      machine.notice(entry);
    }
    for (const entry of machine.entries.all()) {
      if (!entry.view && !entry.isReceivedSinceReady && !entry.isOpened) machine.handle(entry, 'unlisted');
    }
    return true;
  }

  /** Reads conversations that are unknown or incomplete. */
  private async work(ready: Ready): Promise<boolean> {
    const { connection, machine, create } = this.options;
    const entries = [...machine.entries.pending].slice(0, MAX_CURSORS);
    for (const entry of entries) if (!entry.list) create(entry.id);
    const failure = await this.readViews(ready, entries);
    if (connection.ready !== ready) return false;
    const isMoved = await sync(
      this.options,
      ready,
      entries.filter(({ list, view }) => list?.position ?? view),
    );
    if (failure) throw toError(failure);
    return isMoved;
  }

  /** Reads unknown or outdated conversations one by one. @returns a failure; it does not affect the other conversations */
  private async readViews(ready: Ready, entries: readonly Entry[]): Promise<unknown> {
    const wanted = entries
      .filter((entry) => !entry.view && (entry.state === 'unknown' || entry.isViewOutdated))
      .slice(0, MAX_READS);
    let failure: unknown;
    await Promise.all(
      wanted.map(async (entry) => {
        entry.isViewOutdated = false;
        try {
          await this.readView(ready, entry);
        } catch (reason) {
          if (!this.rejectView(ready, entry, toError(reason))) failure = reason;
        }
      }),
    );
    return failure;
  }

  private async readView(ready: Ready, entry: Entry): Promise<void> {
    const params = { conversationId: entry.id };
    const view = await this.options.session.call('GET /conversations/{conversationId}', { params });
    if (!isViewOf(entry.id, view)) throw XFChatError.unreachable(new Error('not a conversation'));
    if (this.options.connection.ready === ready) entry.view = view;
  }

  /** @returns whether the conversation was dropped */
  private rejectView(ready: Ready, entry: Entry, error: XFChatError): boolean {
    const { connection, machine } = this.options;
    if (connection.ready !== ready) return false;
    const isRejected = error.handling === 'never' ? 'view-rejected' : 'view-failed';
    const trigger = error.code === 'conversation-not-found' ? 'view-not-found' : isRejected;
    return machine.handle(entry, trigger, { error }) === 'drop';
  }
}
