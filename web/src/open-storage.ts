import { MemoryStorage, type ClientStorage } from '@xfchat/client';
import { IndexedDbStorage } from '@xfchat/client/indexed-db';

/** The browser's own storage; where it gives none (some private windows), everything is forgotten with the page. */
export async function openStorage(): Promise<ClientStorage> {
  const storage = new IndexedDbStorage();
  try {
    await storage.get('owner');
    return storage;
  } catch {
    return new MemoryStorage();
  }
}
