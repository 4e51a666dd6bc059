import type { MessageView } from './message-view';

/**
 * The log names a message sooner than this. Otherwise this server lagged, and it reads the message from the database.
 */
const KEPT_MS = 5_000;
const MAX_BYTES = 16 * 1_024 * 1_024;
/** An estimate of what a message takes beside its body. */
const BYTES_BESIDE_BODY = 1_000;

interface Kept {
  readonly message: MessageView;
  readonly at: number;
  readonly bytes: number;
}

/**
 * New messages that other servers sent ahead of the log, kept until the log names them. Each is the state at its
 * creation, which later log entries may have changed. So the taker checks whether the log has newer changes of the
 * message.
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

  /** Removes the oldest messages first. */
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
