import { MemoryStorage } from '../../client/src/index';
import type { Person } from './people';

const MINUTE_MS = 60_000;

/** The storage of a client of this person after signing in. It avoids a sign-in by password, which is slow. */
export async function storageOf({ id, username, accessToken, refreshToken }: Person): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const renewAt = Date.now() + 10 * MINUTE_MS;
  await storage.set('session', { user: { id, username }, accessToken, refreshToken, renewAt });
  return storage;
}
