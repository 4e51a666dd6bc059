import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceDurably } from './durable-files';

describe('a durable file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-durable-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is one complete version after simultaneous writes, and leaves no temporary file', async () => {
    const path = join(folder, 'entry.json');
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
    await Promise.all(texts.map((text) => replaceDurably(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['entry.json']);
  });
});
