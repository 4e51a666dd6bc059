import type { ClientStorage } from '@xfchat/client';

const PREFIX = 'draft:';
/** Where this tab keeps what was not stored when its page was left. */
const LEFT = 'xfchat-drafts';

/** Storage of this tab, such as `sessionStorage`: unlike that of the client, it is written at once. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Asked for by each call: a browser may forbid it to this page. */
export const ownTab: TabStorage = {
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, value) => sessionStorage.setItem(key, value),
  removeItem: (key) => sessionStorage.removeItem(key),
};

/** The drafts that a page leaves for the next one in its tab. */
interface LeftDrafts {
  readonly userId: string;
  /** By conversation. Empty: there is no draft any more. */
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * Unsent text, by conversation. It stays on this device until it is sent, also over reloads. When the user signs out, the
 * client deletes it.
 *
 * A page that is left loses what the storage has not written yet. So `leave` hands the drafts over to the next page of the tab.
 */
export class Drafts {
  private readonly texts = new Map<string, string>();
  private readonly unstored = new Set<string>();
  private writing: Promise<void> | undefined;
  private hasEnded = false;

  /** @param storage keeps values in memory that it cannot write, and takes none after the end of the session */
  constructor(
    private readonly storage: ClientStorage,
    private readonly userId: string,
    private readonly tab: TabStorage,
  ) {}

  /** Loads the drafts that an earlier page has stored. */
  async restore(): Promise<void> {
    for (const key of await this.storage.keys(PREFIX)) {
      const text = await this.storage.get(key);
      if (typeof text === 'string') this.texts.set(key.slice(PREFIX.length), text);
    }
    if (this.hasEnded) return;
    for (const [conversationId, text] of Object.entries(this.takeLeft())) this.set(conversationId, text);
  }

  get(conversationId: string): string {
    return this.texts.get(conversationId) ?? '';
  }

  /** Stores the text. During quick typing, only the latest text is written after each write. */
  set(conversationId: string, text: string): void {
    this.texts.set(conversationId, text);
    this.unstored.add(conversationId);
    void this.flush();
  }

  /** Resolves when everything is stored. */
  flush(): Promise<void> {
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  /** The page may end now, without another turn of the event loop. */
  leave(): void {
    if (this.hasEnded || this.unstored.size === 0) return;
    const texts = Object.fromEntries([...this.unstored].map((id) => [id, this.get(id)]));
    try {
      this.tab.setItem(LEFT, JSON.stringify({ userId: this.userId, texts } satisfies LeftDrafts));
    } catch {
      // It is full, or forbidden: the storage of the client may still be quick enough.
    }
  }

  /** The session is over. */
  end(): void {
    this.hasEnded = true;
    forgetLeftDrafts(this.tab);
  }

  private async write(): Promise<void> {
    for (let [next] = this.unstored; next !== undefined; [next] = this.unstored) {
      const text = this.get(next);
      if (text) await this.storage.set(PREFIX + next, text);
      else await this.storage.delete(PREFIX + next);
      if (this.get(next) === text) this.unstored.delete(next);
    }
    forgetLeftDrafts(this.tab);
  }

  private takeLeft(): LeftDrafts['texts'] {
    try {
      const left = JSON.parse(this.tab.getItem(LEFT) ?? 'null') as LeftDrafts | null;
      if (left?.userId === this.userId) return left.texts;
    } catch {
      // It is forbidden: nothing was left.
    }
    forgetLeftDrafts(this.tab);
    return {};
  }
}

/** Removes the drafts that a reload has left. For a page that no user, or another user, is signed in to. */
export function forgetLeftDrafts(tab: TabStorage): void {
  try {
    tab.removeItem(LEFT);
  } catch {
    // It is forbidden: nothing was left.
  }
}
