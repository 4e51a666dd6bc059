import { createHash } from 'node:crypto';
import { access, constants, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Erasure } from './erase-person.queries';
import { makeFolderDurably, replaceDurably } from '../../platform/durable-files';

/** A file of the journal is damaged, so the journal cannot say who was erased. The message names the file. */
export class DamagedJournalError extends Error {
  override readonly name = 'DamagedJournalError';
}

/** One erasure as the journal has it. */
export type JournalEntry = Required<Erasure>;

const FOLDER = 'erasures';
const ENTRY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$/;
const INSTALLATION_FOLDER = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DRAFT = /\.draft-[0-9a-f-]+$/;
/** Allows for the clocks of different machines, and for the time between an erasure and its commit. */
const MARGIN_MS = 24 * 3_600_000;

/**
 * Lists erased people beside the backups that still contain them. Each person has a file named by their id, so that
 * several servers write at once without waiting. It holds what a restore has to know, and nothing personal.
 * @see docs/adr/0024-erasures-and-their-journal.md
 */
export class ErasureJournal {
  /** The folder of all installations. Its files are entries of earlier releases, which do not name an installation. */
  private readonly shared: string;
  private readonly folder: string;

  /**
   * @param backupFolder `BACKUP_DIR`, which several installations may share
   * @param installationId the installation whose erasures to write; undefined where the schema is too old to have one
   */
  constructor(backupFolder: string, installationId: string | undefined) {
    this.shared = join(backupFolder, FOLDER);
    this.folder = installationId === undefined ? this.shared : join(this.shared, installationId);
  }

  /** @throws Error when the journal is not writable */
  async requireWritable(): Promise<void> {
    await this.makeFolder();
    await access(this.folder, constants.W_OK);
  }

  /** Resolves when the entry is on the disk. Writing it again changes nothing. */
  async write(entry: JournalEntry): Promise<void> {
    await this.makeFolder();
    await replaceDurably(join(this.folder, `${entry.userId}.json`), `${JSON.stringify(sealed(entry))}\n`);
  }

  /**
   * Reads the erasures of this installation and of `others`, and those of earlier releases, which may belong to any. It
   * ignores the erasures of other installations: people may have an account in several.
   * @throws DamagedJournalError
   */
  async read(others: readonly string[] = []): Promise<JournalEntry[]> {
    const folders = new Set([this.shared, this.folder, ...others.map((id) => join(this.shared, id))]);
    const entries: JournalEntry[] = [];
    for (const folder of folders) entries.push(...(await this.readFolder(folder)));
    return entries;
  }

  /**
   * Drops erasures that every remaining backup already contains.
   * @param oldestOwn when the oldest backup of this installation began, in milliseconds since 1970; undefined without
   * one
   * @param oldest the same for the backups of all installations
   */
  async forgetExpired(oldestOwn: number | undefined, oldest: number | undefined): Promise<void> {
    await this.forgetBefore(this.folder, oldestOwn);
    if (this.folder !== this.shared) await this.forgetBefore(this.shared, oldest);
  }

  private async forgetBefore(folder: string, oldest: number | undefined): Promise<void> {
    if (oldest === undefined) return;
    for (const { userId, erasedAt } of await this.readFolder(folder))
      if (erasedAt.getTime() < oldest - MARGIN_MS) await rm(join(folder, `${userId}.json`));
  }

  private async makeFolder(): Promise<void> {
    await makeFolderDurably(this.shared);
    if (this.folder !== this.shared) await makeFolderDurably(this.folder);
  }

  private async readFolder(folder: string): Promise<JournalEntry[]> {
    const names = (await namesIn(folder))
      .filter((name) => !DRAFT.test(name) && !(folder === this.shared && INSTALLATION_FOLDER.test(name)))
      .sort();
    const entries: JournalEntry[] = [];
    // One after the other: there may be more files than a process may open at once.
    for (const name of names) entries.push(await this.open(folder, name));
    return entries;
  }

  private async open(folder: string, name: string): Promise<JournalEntry> {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8');
    const entry = entryOf(text);
    if (entry && ENTRY.exec(name)?.[1] === entry.userId) return entry;
    throw new DamagedJournalError(
      `${path} is not as it was written, so it is not known who was erased. See "Erased accounts" in docs/operating.md.`,
    );
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

function sealed({ userId, messages, erasedAt }: JournalEntry): object {
  const content = { userId, messages, erasedAt: erasedAt.toISOString() };
  return { ...content, seal: createHash('sha256').update(JSON.stringify(content)).digest('hex') };
}

/** Undefined when the text is damaged. */
function entryOf(text: string): JournalEntry | undefined {
  try {
    const { userId, messages, erasedAt, seal } = JSON.parse(text) as Record<string, string>;
    const entry = { userId, messages, erasedAt: new Date(erasedAt!) } as JournalEntry;
    return JSON.stringify(sealed(entry)) === JSON.stringify({ userId, messages, erasedAt, seal })
      ? entry
      : undefined;
  } catch {
    return undefined;
  }
}
