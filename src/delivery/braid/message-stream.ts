import type { MessageView } from '../../features/messages/message-view';
import type { MessageHistory } from '../../features/messages/messages.service';
import type { CallerIdentity } from '../../platform/http/caller';
import { stateAt } from './message-states';
import type { Hint, Subscriber } from './subscriptions';
import type { UpdateStream } from './update-stream';
import { snapshotUpdate } from './updates';

interface Place {
  readonly conversationId: string;
  readonly messageId: string;
}

interface Sources {
  /** Reads the history of the message, for a user who may see it. */
  read(): Promise<MessageHistory>;
  /** Whether the current event was caused by the program that reads this stream. */
  isOwn(): boolean;
  onFailure(error: unknown): void;
}

/**
 * Sends the versions of one message, each as a snapshot, in the order of its history. A version that follows the last
 * one sent is sent from the event; otherwise the stream reads the history. Changes beside the versions (reactions,
 * pins) are part of the timeline.
 */
export class MessageStream implements Subscriber {
  readonly userId: string;
  readonly sessionId: string;
  readonly conversationIds: readonly string[];
  expiresAt = Infinity;
  /** The last version that was sent. */
  private told: string | undefined;
  private isReading = true;
  private isBehind = false;

  constructor(
    caller: CallerIdentity,
    private readonly place: Place,
    private readonly stream: UpdateStream,
    private readonly sources: Sources,
  ) {
    this.userId = caller.userId;
    this.sessionId = caller.sessionId;
    this.conversationIds = [place.conversationId];
  }

  /** Sends the current state. */
  tellSnapshot({ message }: MessageHistory): void {
    this.tell({ ...message, parents: [] }, message);
  }

  /** @param from the version that the reader has; undefined when it has none and gets all of them */
  tellVersions(history: MessageHistory, from: string | undefined, until?: string): void {
    this.told = from;
    const names = history.versions.map(({ version }) => version);
    const end = until === undefined ? names.length : names.indexOf(until) + 1;
    for (const name of names.slice(from === undefined ? 0 : names.indexOf(from) + 1, end)) {
      if (this.stream.isBehind) {
        this.isBehind = true;
        return;
      }
      const state = stateAt(history, name);
      this.tell(state, state);
    }
  }

  /** From now on the stream is live. */
  goOn(): void {
    this.isReading = false;
    if (this.isBehind) void this.catchUp();
  }

  hear(_conversationId: string, { message }: Hint): void {
    if (message?.id !== this.place.messageId || message.version === this.told) return;
    const follows = !this.isReading && !this.stream.isBehind && message.parents.includes(this.told ?? '');
    if (!follows) {
      this.isBehind = true;
      void this.catchUp();
    } else if (this.sources.isOwn()) this.told = message.version;
    else this.tell(message, message);
  }

  lost(conversationId: string): void {
    if (conversationId === this.place.conversationId) this.end();
  }

  end(): void {
    this.stream.end();
  }

  private async catchUp(): Promise<void> {
    if (this.isReading || this.stream.hasEnded) return;
    this.isReading = true;
    try {
      while (this.isBehind) {
        await this.stream.room();
        this.isBehind = false;
        const history = await this.sources.read();
        if (this.stream.hasEnded) return;
        this.tellVersions(history, this.told);
      }
    } catch (error) {
      this.sources.onFailure(error);
      this.end();
    } finally {
      this.isReading = false;
    }
  }

  private tell({ version, parents }: Pick<MessageView, 'version' | 'parents'>, state: MessageView): void {
    this.told = version;
    this.stream.write(snapshotUpdate({ version: [version], parents }, state));
  }
}
