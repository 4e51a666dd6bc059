import type { MessageView } from '../../features/messages/message-view';
import type { CallerIdentity } from '../../platform/http/caller';
import type { NewestPage } from './newest-pages';
import type { Position } from './positions';
import { sharedPatch } from './shared-updates';
import { FEED, type FeedEffect, type FeedState, type FeedTrigger } from './stream-states';
import type { Hint, Subscriber, Subscriptions } from './subscriptions';
import { contentOf, type Shape } from './timeline-shapes';
import type { Answer, TimelineReader } from './timeline-reader';
import { positionAfter, stepsOf } from './timeline-steps';
import type { UpdateStream } from './update-stream';
import { emptyUpdate, patchUpdate, snapshotUpdate } from './updates';

/** The stream's state of a conversation. */
interface Feed {
  readonly conversationId: string;
  state: FeedState;
  /** How much of it was sent; undefined when nothing was. */
  position: Position | undefined;
  /** The versions under which it was last sent. */
  told: readonly string[];
}

/** Events buffered during a read. The stream drops further ones and reads again. */
const MAX_NOTED = 1_000;
/** Conversations that are read at once. */
const MAX_READ = 200;
/** A reader that lacks more messages and changes than this gets only the newest page. */
export const MAX_RESUMED = 10_000;

/**
 * Sends the conversations of one subscriber, in an order in which no version claims more than was sent before it.
 *
 * Live, an event with the next `seq` or `rev` is sent as it is, and one that was sent already is dropped. A gap makes
 * the stream read what is missing, by the same read as after an absence. Events that arrive during a read are buffered
 * and handled afterwards. Nothing is buffered for a slow reader: the stream reads what it missed once it has room. `FEED` says what each event does to a conversation in each state.
 */
export class TimelineStream implements Subscriber {
  private readonly feeds = new Map<string, Feed>();
  private noted: { feed: Feed; hint: Hint }[] = [];
  private isReading = true;
  readonly userId: string;
  readonly sessionId: string;
  expiresAt = Infinity;

  constructor(
    caller: CallerIdentity,
    private readonly stream: UpdateStream,
    private readonly shape: Shape,
    private readonly reader: TimelineReader,
    private readonly subscriptions: Pick<Subscriptions, 'follow' | 'unfollow'>,
    /** The stream ends when everything is sent, and does not go live. */
    private readonly isOnce: boolean,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.userId = caller.userId;
    this.sessionId = caller.sessionId;
  }

  get conversationIds(): Iterable<string> {
    return this.feeds.keys();
  }

  /** Subscribes to a conversation before anything of it is read. */
  include(conversationId: string, from?: { position: Position; told: readonly string[] }): void {
    if (this.feeds.has(conversationId)) return;
    const { position, told = [] } = from ?? {};
    const state = position ? 'current' : 'quiet';
    this.feeds.set(conversationId, { conversationId, state, position, told });
    this.subscriptions.follow(this, conversationId);
  }

  /** Starts a reader without a position: sends the newest page of each conversation as one snapshot. */
  tellSnapshot(pages: ReadonlyMap<string, NewestPage>): void {
    const known = new Map([...pages].filter(([id]) => this.feeds.has(id)));
    const version: string[] = [];
    for (const [id, { head }] of known) {
      const feed = this.feeds.get(id)!;
      this.moveTo(feed, head);
      this.handle(feed, 'snapshot');
      version.push(...feed.told);
    }
    this.stream.write(snapshotUpdate({ version, parents: [] }, this.shape.bodyOf(known)));
  }

  /**
   * Sends what was read first. After that the stream is live.
   * @param untold included conversations whose newest page is still to be sent
   */
  goOn(answers: ReadonlyMap<string, Answer> = new Map(), untold: readonly string[] = []): void {
    this.reader.leaveRequest();
    for (const id of untold) {
      const feed = this.feeds.get(id);
      if (feed) this.handle(feed, 'due');
    }
    this.isReading = false;
    void this.catchUp(answers);
  }

  hear(conversationId: string, hint: Hint): void {
    const feed = this.feeds.get(conversationId);
    if (!feed || this.isOnce) return;
    if (!this.isReading) return this.handle(feed, 'hint', hint);
    if (this.noted.length < MAX_NOTED) this.noted.push({ feed, hint });
    else this.handle(feed, 'unbuffered');
  }

  gained(conversationId: string): void {
    if (this.isOnce || this.shape.rangeOf(conversationId) === undefined) return;
    this.include(conversationId);
    this.handle(this.feeds.get(conversationId)!, 'added');
  }

  lost(conversationId: string): void {
    const feed = this.feeds.get(conversationId);
    if (feed) this.handle(feed, 'removed');
  }

  end(): void {
    this.stream.end();
  }

  /** Losing a conversation is not a version of it. */
  private tellLost(conversationId: string): void {
    const range = this.shape.rangeOf(conversationId);
    if (range) this.stream.write(patchUpdate({ version: [], parents: [] }, range, Buffer.from('null')));
  }

  private handle(feed: Feed, trigger: FeedTrigger, hint?: Hint, next?: Position): void {
    TimelineStream.EFFECTS[FEED[feed.state][trigger]](this, feed, hint, next);
  }

  /** One record for all streams. */
  private static readonly EFFECTS = {
    quiet: (_, feed) => (feed.state = 'quiet'),
    unsent: (_, feed) => (feed.state = 'unsent'),
    current: (_, feed) => (feed.state = 'current'),
    behind: (_, feed) => (feed.state = 'behind'),
    compare: (stream, feed, hint) => {
      const next = positionAfter(feed.position!, hint!);
      if (next === 'known') stream.handle(feed, 'known');
      else if (next === 'hole') stream.handle(feed, 'gap');
      else stream.handle(feed, stream.stream.isBehind ? 'next-unread' : 'next', hint, next);
    },
    send: (stream, feed, hint, next) => stream.tell(feed, next!, hint!.message),
    read: (stream) => void stream.catchUp(),
    want: (stream, feed) => {
      feed.state = 'unsent';
      void stream.catchUp();
    },
    miss: (stream, feed) => {
      feed.state = 'behind';
      void stream.catchUp();
    },
    restart: (_, feed) => {
      feed.state = 'unsent';
      feed.position = undefined;
    },
    revoke: (stream, feed) => {
      const { conversationId } = feed;
      feed.state = 'revoked';
      stream.feeds.delete(conversationId);
      stream.subscriptions.unfollow(stream, conversationId);
      if (stream.shape.rangeOf(conversationId) === undefined) stream.end();
      else stream.tellLost(conversationId);
    },
    end: (stream) => stream.end(),
    stay: () => undefined,
    never: () => undefined,
  } satisfies Record<FeedEffect, (stream: TimelineStream, feed: Feed, hint?: Hint, next?: Position) => void>;

  /** Reads and sends until nothing is missing, as fast as the reader takes it. */
  private async catchUp(answers?: ReadonlyMap<string, Answer>): Promise<void> {
    if (this.isReading || this.stream.hasEnded) return;
    this.isReading = true;
    try {
      if (answers) await this.tellAnswers(answers);
      for (;;) {
        await this.stream.room();
        if (this.stream.hasEnded) return;
        for (const { feed, hint } of this.noted.splice(0)) this.handle(feed, 'hint', hint);
        const behind = [...this.feeds.values()].filter(isToBeRead).slice(0, MAX_READ);
        if (behind.length === 0) break;
        await this.readAndTell(behind);
      }
      if (this.isOnce) this.end();
    } catch (error) {
      this.onFailure(error);
      this.end();
    } finally {
      this.isReading = false;
    }
  }

  private async readAndTell(behind: readonly Feed[]): Promise<void> {
    // The read may miss events that arrive from now on; they are buffered.
    for (const feed of behind) this.handle(feed, 'read-begun');
    const begun = behind.filter((feed) => feed.position !== undefined);
    const others = behind.filter((feed) => feed.position === undefined);
    const cursors = begun.map(({ conversationId, position }) => ({ conversationId, ...position! }));
    const answers = await this.reader.changes(cursors);
    const pages = await this.reader.pages(others.map((feed) => feed.conversationId));
    if (!pages) return this.end();
    for (const feed of begun)
      if (this.isStill(feed)) await this.tellAnswer(feed, answers.get(feed.conversationId) ?? 'gone');
    for (const feed of others) {
      await this.stream.room();
      if (this.isStill(feed)) this.tellPage(feed, pages.get(feed.conversationId));
    }
  }

  private async tellAnswers(answers: ReadonlyMap<string, Answer>): Promise<void> {
    for (const [id, answer] of answers) {
      const feed = this.feeds.get(id);
      // A reader who lost the conversation and got it back meanwhile gets its newest page.
      if (feed?.position) await this.tellAnswer(feed, answer);
      else if (!feed) this.tellLost(id);
    }
  }

  /** A reader who was removed meanwhile gets nothing of an earlier read. One who was added again restarts. */
  private isStill(feed: Feed): boolean {
    return !this.stream.hasEnded && feed.state !== 'revoked';
  }

  private async tellAnswer(feed: Feed, answer: Answer): Promise<void> {
    if (answer === 'gone') return this.handle(feed, 'changes-gone');
    // The reader's numbers belong to another history. It learns that when it resumes.
    if (answer === 'reset') return this.handle(feed, 'changes-reset');
    const { seq, rev } = feed.position!;
    const { head } = answer;
    if (head.seq - seq + head.rev - rev > MAX_RESUMED) return this.handle(feed, 'changes-too-many');
    for (const { position, message } of stepsOf(feed.position!, answer)) {
      await this.stream.room();
      if (!this.isStill(feed)) return;
      this.tell(feed, position, message);
    }
    this.handle(feed, answer.complete ? 'changes-whole' : 'changes-part');
  }

  private tellPage(feed: Feed, page: NewestPage | undefined): void {
    if (!page) return this.handle(feed, 'page-missing');
    const parents = feed.told;
    this.moveTo(feed, page.head);
    this.handle(feed, 'page');
    const range = this.shape.rangeOf(feed.conversationId);
    const step = { version: feed.told, parents };
    const content = contentOf(page.messages);
    this.stream.write(
      range === undefined
        ? snapshotUpdate(step, content)
        : patchUpdate(step, range, Buffer.from(JSON.stringify(content))),
    );
  }

  private tell(feed: Feed, position: Position, message: MessageView | undefined): void {
    const parents = feed.told;
    this.moveTo(feed, position);
    const step = { version: feed.told, parents };
    const range = message && this.shape.messageRangeOf(feed.conversationId, message.id);
    this.stream.write(message && range ? sharedPatch(step, range, message) : emptyUpdate(step));
  }

  private moveTo(feed: Feed, position: Position): void {
    feed.position = position;
    feed.told = [this.shape.versionOf(feed.conversationId, position, this.reader.epoch)];
  }
}

const isToBeRead = ({ state }: Feed): boolean => state === 'unsent' || state === 'behind';
