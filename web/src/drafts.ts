import type { ClientStorage } from '@xfchat/client';

const PREFIX = 'draft:';

/**
 * Text that is written and not sent, by conversation. It is kept on this device, over reloads too, until it is sent; the client
 * empties the storage when one signs out.
 */
export class Drafts {
  private readonly texts = new Map<string, string>();
  private readonly changed = new Set<string>();
  private writing: Promise<void> | undefined;

  /** @param storage keeps in memory what it cannot write, and takes nothing after the end of the session */
  constructor(private readonly storage: ClientStorage) {}

  /** Takes up what an earlier page has left. */
  async restore(): Promise<void> {
    for (const key of await this.storage.keys(PREFIX)) {
      const text = await this.storage.get(key);
      if (typeof text === 'string') this.texts.set(key.slice(PREFIX.length), text);
    }
  }

  get(conversationId: string): string {
    return this.texts.get(conversationId) ?? '';
  }

  /** Quick typing is stored as often as the storage can. */
  set(conversationId: string, text: string): void {
    this.texts.set(conversationId, text);
    this.changed.add(conversationId);
    void this.flush();
  }

  /** Resolves when everything is kept. */
  flush(): Promise<void> {
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async write(): Promise<void> {
    for (const conversationId of this.changed) {
      this.changed.delete(conversationId);
      const text = this.get(conversationId);
      if (text) await this.storage.set(PREFIX + conversationId, text);
      else await this.storage.delete(PREFIX + conversationId);
    }
  }
}
