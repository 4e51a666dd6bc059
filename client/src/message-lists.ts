import type { ClientStorage } from './storage.ts';
import { MessageList, type StoredMessageList } from './message-list.ts';
import { isId } from './validate.ts';

const PREFIX = 'conversation:';
/** Time in which changes are collected before they are written, in milliseconds. */
const DELAY_MS = 500;

/**
 * Keeps lists in the storage, each as one value, so that a stored position always matches its messages. A change that was
 * not written before the application ended is fetched again.
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

  /** Reads all stored lists. Deletes entries whose key is not a UUID; earlier releases could write them. */
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

  /** Drops the changes that are not written yet. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.changed.clear();
  }

  /** Resolves when everything is written or has failed. */
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
