import type { MessageView } from './message-view';

/** The log names a message within a moment, or this server was not current then and reads it. */
const KEPT_MS = 5_000;
const MAX_BYTES = 16 * 1_024 * 1_024;
/** Of a message beside its body, roughly. */
const BYTES_BESIDE_BODY = 1_000;

interface Kept {
  readonly message: MessageView;
  readonly at: number;
  readonly bytes: number;
}

/**
 * New messages as other servers have stored them, until the log names them. They are what was stored, and never newer or
 * older than the place in the log that names them: whoever takes one looks whether the log says more of it.
 */
export class MessageContents {
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.kept.size;
  }

  keep(message: MessageView): void {
    this.remove(message.id);
    const bytes = BYTES_BESIDE_BODY + 2 * (message.body?.length ?? 0);
    this.kept.set(message.id, { message, at: this.now(), bytes });
    this.bytes += bytes;
    this.evict();
  }

  take(id: string): MessageView | undefined {
    const kept = this.remove(id);
    return kept && kept.at > this.now() - KEPT_MS ? kept.message : undefined;
  }

  private remove(id: string): Kept | undefined {
    const kept = this.kept.get(id);
    this.kept.delete(id);
    this.bytes -= kept?.bytes ?? 0;
    return kept;
  }

  /** The oldest come first. */
  private evict(): void {
    const earliest = this.now() - KEPT_MS;
    for (const [id, { at }] of this.kept) {
      if (at > earliest && this.bytes <= MAX_BYTES) break;
      this.remove(id);
    }
    if (this.kept.size === 0) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.evict();
    }, KEPT_MS).unref();
  }
}
