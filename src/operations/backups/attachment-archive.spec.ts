import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AttachmentArchive } from './attachment-archive';

const INSTALLATION = '01900000-0000-7000-8000-000000000000';
const CONTENT = 'a file';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

describe('the archive of attachments', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), 'xfchat-archive-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('makes a folder once for all files in it', async () => {
    const archive = new AttachmentArchive(folder, INSTALLATION);
    const add = async (id: string): Promise<void> => {
      const file = { id, size: CONTENT.length, sha256: SHA256 };
      await archive.add(file, Readable.from([Buffer.from(CONTENT)]));
      expect(await archive.has(file)).toBe(true);
    };
    await add('01900000-0000-7000-8000-0000000000aa');
    const making = jest.spyOn(fs, 'mkdir');
    try {
      await add('01900000-0000-7000-8000-0000000001aa');
      expect(making).not.toHaveBeenCalled();
      await add('01900000-0000-7000-8000-0000000000bb');
      expect(making).toHaveBeenCalled();
    } finally {
      making.mockRestore();
    }
  });
});
