import type { Response } from 'express';
import { BLANK_LINE } from './updates';

/** How much a reader may leave unread, and for how long. */
export interface StreamLimits {
  maxUnreadBytes: number;
  stalledMs: number;
}

/** Injected, so that tests need not wait as long. */
export const STREAM_LIMITS = Symbol('stream limits');
export const DEFAULT_LIMITS: StreamLimits = { maxUnreadBytes: 256 * 1024, stalledMs: 60_000 };

/** Signs of life come a little earlier than promised. */
const HEARTBEAT_SHARE = 0.8;
const KEEP_ALIVE_MS = 30_000;

/**
 * An answer with status 209 that goes on: whole updates, and blank lines between them. Nothing of what a reader leaves
 * unread beyond the limit waits here: who writes has to ask `isBehind` first, or wait for `room`. A
 * reader that takes nothing at all for the time of the limit is disconnected; it resumes where it was.
 *
 *   opening → open → ended
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

  /** Sends the head at once: there may be nothing else to say for a long time. */
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

  /** Whether the reader has to read first. */
  get isBehind(): boolean {
    return this.unreadBytes > this.limits.maxUnreadBytes;
  }

  /** What waits in this process for the reader. */
  get unreadBytes(): number {
    return this.response.writableLength;
  }

  /** One whole update. Does nothing after the end. */
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
