import type { ClientStorage } from './storage.ts';
import { MessageList, type StoredMessageList } from './message-list.ts';
import { isId } from './validate.ts';

const PREFIX = 'conversation:';
/** Changes are gathered for so long. */
const DELAY_MS = 500;

/**
 * Keeps lists in the storage, each as one value: so its position never says more than is kept with it. What is
 * lost, because the application ended before it was written, is fetched again.
 */
export class MessageLists {
  private readonly changed = new Map<string, MessageList | undefined>();
  private writing: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly storage: ClientStorage,
    private readonly keepMessages: number,
    private readonly failed: (error: Error) => void,
  ) {}

  /** Deletes what earlier versions have kept under an id that is none. */
  async restore(ownUserId: string): Promise<MessageList[]> {
    const lists: MessageList[] = [];
    for (const key of await this.storage.keys(PREFIX)) {
      const id = key.slice(PREFIX.length);
      const stored = (await this.storage.get(key)) as StoredMessageList | undefined;
      if (!isId(id)) await this.storage.delete(key);
      // Another tab may have deleted it meanwhile.
      else if (stored) lists.push(MessageList.restore(id, ownUserId, stored));
    }
    return lists;
  }

  keep(list: MessageList): void {
    this.changed.set(list.conversationId, list);
    this.timer ??= setTimeout(() => void this.flush(), DELAY_MS);
  }

  forget(conversationId: string): void {
    this.changed.set(conversationId, undefined);
    void this.flush();
  }

  /** Forgets what is not written yet. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.changed.clear();
  }

  /** Resolves when everything is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async write(): Promise<void> {
    for (const [conversationId, list] of this.changed) {
      this.changed.delete(conversationId);
      const stored = list?.store(this.keepMessages);
      const key = PREFIX + conversationId;
      try {
        if (stored) await this.storage.set(key, stored);
        else await this.storage.delete(key);
      } catch (error) {
        this.failed(error as Error);
      }
    }
  }
}
