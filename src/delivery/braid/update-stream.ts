import type { Response } from 'express';
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
 * opening → open → ended
 */
export class UpdateStream {
  private state: 'opening' | 'open' | 'ended' = 'opening';
  private heartbeat: NodeJS.Timeout | undefined;
  private stalled: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly response: Response,
    private readonly limits: StreamLimits,
    private readonly onEnd: (isTooSlow: boolean) => void,
  ) {
    response.on('drain', () => this.drained());
    response.once('close', () => this.finish(false));
  }

  get hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** Sends the head at once: the first update may come much later. */
  open(headers: Record<string, string>, heartbeatMs: number | undefined): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.response.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
    this.response.writeHead(209, 'Subscription', headers);
    this.response.flushHeaders();
    if (heartbeatMs === undefined) return;
    this.heartbeat = setInterval(() => {
      if (!this.isBehind) this.response.write(BLANK_LINE);
    }, heartbeatMs * HEARTBEAT_SHARE).unref();
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
    if (this.state !== 'open') return;
    this.response.write(update);
    if (this.isBehind) this.stalled ??= setTimeout(() => this.cutOff(), this.limits.stalledMs).unref();
  }

  /** Resolves when the reader has read, or the stream has ended. */
  room(): Promise<void> {
    if (!this.isBehind || this.hasEnded) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** After this returns, the stream sends nothing more. It also drops what a slow reader has not read yet. */
  end(): void {
    if (this.state === 'ended') return;
    const wasOpen = this.state === 'open';
    const { isBehind } = this;
    this.finish(false);
    if (!wasOpen) return;
    if (isBehind) this.response.destroy();
    else this.response.end();
  }

  private drained(): void {
    clearTimeout(this.stalled);
    this.stalled = undefined;
    for (const goOn of this.waiting.splice(0)) goOn();
  }

  private cutOff(): void {
    this.finish(true);
    this.response.destroy();
  }

  private finish(isTooSlow: boolean): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    clearInterval(this.heartbeat);
    clearTimeout(this.stalled);
    for (const goOn of this.waiting.splice(0)) goOn();
    this.onEnd(isTooSlow);
  }
}
