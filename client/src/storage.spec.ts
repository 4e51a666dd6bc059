import 'fake-indexeddb/auto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStorage } from './file-storage.ts';
import { IndexedDbStorage } from './indexed-db-storage.ts';
import { MemoryStorage } from './storage.ts';

const directory = mkdtempSync(join(tmpdir(), 'xfchat-storage-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let directories = 0;

describe.each([
  ['in memory', () => new MemoryStorage()],
  ['in IndexedDB', () => new IndexedDbStorage(`test-${crypto.randomUUID()}`)],
  ['in files', () => new FileStorage(join(directory, String(directories++)))],
])('a storage %s', (_where, create) => {
  it('returns values that were set, and none that were deleted', async () => {
    const storage = create();
    expect(await storage.get('a')).toBeUndefined();
    await storage.set('a', { list: [1, 'two'] });
    await storage.set('a', { list: [1, 'two', null] });
    expect(await storage.get('a')).toEqual({ list: [1, 'two', null] });
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
  });

  it('finds keys by their prefix', async () => {
    const storage = create();
    for (const key of ['outbox:1', 'outbox:2', 'session', 'outboxes']) await storage.set(key, key);
    expect((await storage.keys('outbox:')).sort()).toEqual(['outbox:1', 'outbox:2']);
    expect(await storage.keys('')).toHaveLength(4);
  });

  it('keeps a value unchanged when its owner changes the object later', async () => {
    const storage = create();
    const value = { text: 'before' };
    await storage.set('a', value);
    value.text = 'after';
    expect(await storage.get('a')).toEqual({ text: 'before' });
  });
});

it('is shared by two tabs when it is an IndexedDB', async () => {
  await new IndexedDbStorage('shared').set('session', 'theirs');
  expect(await new IndexedDbStorage('shared').get('session')).toBe('theirs');
});
