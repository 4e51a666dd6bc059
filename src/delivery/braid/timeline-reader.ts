import type { DataSource } from 'typeorm';
import type { CatchUpService } from '../../features/catch-up/catch-up.service';
import type { Changes } from '../../features/catch-up/catch-up.dto';
import { inOwnContext } from './own-context';
import { newestPages, type NewestPage } from './newest-pages';
import type { Position } from './positions';

/** Messages in all pages that are read at once. */
const MAX_MESSAGES = 2_000;

/** Changes that are read at a time. They wait in memory until they are sent. */
const MAX_CHANGES = 200;

type Cursor = Position & { readonly conversationId: string };
export type Answer = Changes | 'gone' | 'reset';

interface Sources {
  readonly dataSource: DataSource;
  readonly catchUp: CatchUpService;
  /** The deadline of one read, in milliseconds. */
  readonly timeoutMs: number;
}

/** Reads a stream's data from the database: the newest pages, and missing changes by the same catch-up as sockets. */
export class TimelineReader {
  private known: number | undefined;
  private isInRequest = true;

  constructor(
    private readonly sources: Sources,
    private readonly userId: string,
    /** Messages of a conversation in a page, unless there are too many pages. */
    private readonly pageSize: number,
  ) {}

  /** The epoch of everything that was read. The caller must have read something. */
  get epoch(): number {
    return this.known!;
  }

  /** Later reads have deadlines of their own. Earlier ones have that of the request. */
  leaveRequest(): void {
    this.isInRequest = false;
  }

  /** @param epoch the epoch of cursors from outside; the result is 'reset' when the database has another one */
  async changes(cursors: readonly Cursor[], epoch = this.known): Promise<Map<string, Answer>> {
    if (cursors.length === 0) return new Map();
    const { changes } = await this.run(() =>
      this.sources.catchUp.sync(
        this.userId,
        { epoch, cursors: [...cursors] },
        { atMost: MAX_CHANGES, messagesOnly: true },
      ),
    );
    return new Map(
      changes.map((entry): [string, Answer] => {
        if ('gone' in entry) return [entry.conversationId, 'gone'];
        if ('reset' in entry) return [entry.conversationId, 'reset'];
        this.known = entry.epoch;
        return [entry.conversationId, entry];
      }),
    );
  }

  /** Leaves out conversations in which the user does not participate. Undefined when the epoch has changed. */
  async pages(conversationIds: readonly string[]): Promise<Map<string, NewestPage> | undefined> {
    if (conversationIds.length === 0) return new Map();
    const share = Math.max(1, Math.floor(MAX_MESSAGES / conversationIds.length));
    const size = Math.min(this.pageSize, share);
    const { epoch, pages } = await this.run(() =>
      newestPages(this.sources.dataSource, this.userId, conversationIds, size),
    );
    this.known ??= epoch;
    return epoch === this.known ? pages : undefined;
  }

  private run<T>(work: () => Promise<T>): Promise<T> {
    if (this.isInRequest) return work();
    return inOwnContext(this.userId, this.sources.timeoutMs, work);
  }
}
