import type { Response } from 'express';
import { RESPONSE, type ResponseEffect, type ResponseState, type ResponseTrigger } from './stream-states';
import { BLANK_LINE } from './updates';

/** How many bytes a reader may leave unread, and for how long. */
export interface StreamLimits {
  maxUnreadBytes: number;
  stalledMs: number;
}

/** Injected, so that tests need not wait as long. */
export const STREAM_LIMITS = Symbol('stream limits');
export const DEFAULT_LIMITS: StreamLimits = { maxUnreadBytes: 256 * 1024, stalledMs: 60_000 };

/** Heartbeats come a little earlier than promised. */
const HEARTBEAT_SHARE = 0.8;
const KEEP_ALIVE_MS = 30_000;

/**
 * A response with status 209 that continues with whole updates and blank lines between them. It buffers no more than
 * the limit: a writer checks `isBehind` first, or waits for `room`. A reader that takes nothing for the limit's time is
 * disconnected, and resumes later.
 *
 * `RESPONSE` says what each event does in each state.
 */
export class UpdateStream {
  private phase: Exclude<ResponseState, 'behind'> = 'opening';
  private heartbeat: NodeJS.Timeout | undefined;
  private stalled: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly response: Response,
    private readonly limits: StreamLimits,
    private readonly onEnd: (isTooSlow: boolean) => void,
  ) {
    response.on('drain', () => this.handle('drained'));
    response.once('close', () => this.handle('gone'));
  }

  get hasEnded(): boolean {
    return this.phase === 'ended';
  }

  /** Computed, so that it never differs from what is unread. */
  get state(): ResponseState {
    return this.phase === 'open' && this.isBehind ? 'behind' : this.phase;
  }

  /** Sends the head at once: the first update may come much later. */
  open(headers: Record<string, string>, heartbeatMs: number | undefined): void {
    if (RESPONSE[this.state].begun !== 'begin') return;
    this.phase = 'open';
    this.response.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
    this.response.writeHead(209, 'Subscription', headers);
    this.response.flushHeaders();
    if (heartbeatMs === undefined) return;
    this.heartbeat = setInterval(() => this.handle('beat'), heartbeatMs * HEARTBEAT_SHARE).unref();
  }

  /** Whether the reader has to read before more is written. */
  get isBehind(): boolean {
    return this.unreadBytes > this.limits.maxUnreadBytes;
  }

  /** Bytes in this process that the reader has not taken. */
  get unreadBytes(): number {
    return this.response.writableLength;
  }

  /** Writes one whole update. Does nothing after the end. */
  write(update: Buffer): void {
    if (RESPONSE[this.state].write !== 'write') return;
    this.response.write(update);
    if (this.isBehind)
      this.stalled ??= setTimeout(() => this.handle('stalled'), this.limits.stalledMs).unref();
  }

  /** Resolves when the reader has read, or the stream has ended. */
  room(): Promise<void> {
    if (this.state !== 'behind') return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** After this returns, the stream sends nothing more. It also drops what a slow reader has not read yet. */
  end(): void {
    this.handle('end');
  }

  private handle(trigger: Exclude<ResponseTrigger, 'begun' | 'write'>): void {
    UpdateStream.EFFECTS[RESPONSE[this.state][trigger]](this);
  }

  /** One record for all streams. `open` and `write` have data, and do what they find in the table themselves. */
  private static readonly EFFECTS = {
    resume: (stream) => {
      clearTimeout(stream.stalled);
      stream.stalled = undefined;
      stream.wakeWaiting();
    },
    beat: ({ response }) => void response.write(BLANK_LINE),
    close: (stream) => stream.finish(false),
    finish: (stream) => {
      stream.finish(false);
      stream.response.end();
    },
    destroy: (stream) => {
      stream.finish(false);
      stream.response.destroy();
    },
    'give-up': (stream) => {
      stream.finish(true);
      stream.response.destroy();
    },
    stay: () => undefined,
    never: () => undefined,
  } satisfies Record<Exclude<ResponseEffect, 'begin' | 'write'>, (stream: UpdateStream) => void>;

  private finish(isTooSlow: boolean): void {
    this.phase = 'ended';
    clearInterval(this.heartbeat);
    clearTimeout(this.stalled);
    this.wakeWaiting();
    this.onEnd(isTooSlow);
  }

  private wakeWaiting(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}
