import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceDurably } from './durable-files';

describe('a file that is put in its place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-durable-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is one of those that were written at once, whole, and nothing is left beside it', async () => {
    const path = join(folder, 'entry.json');
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
    await Promise.all(texts.map((text) => replaceDurably(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['entry.json']);
  });
});
