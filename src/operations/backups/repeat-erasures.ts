import type { DataSource } from 'typeorm';
import { eraseNextBatch } from '../../features/erasure/erase-next-batch.queries';
import {
  findReturned,
  erasePerson,
  lockPerson,
  type Erasure,
} from '../../features/erasure/erase-person.queries';
import {
  DamagedJournalError,
  ErasureJournal,
  type JournalEntry,
} from '../../features/erasure/erasure-journal';
import { inTransaction } from '../../platform/database/transaction';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { readInstallation, type BackupOwner } from './installation';
import { withClient } from './side-databases';

const BATCH = 1_000;

/**
 * Everybody who was erased, as the journal and the live database know it: what one of them has lost, the other one has.
 * @param owner whose backup is restored: what that installation has erased is erased here as well
 * @throws BackupError when the journal is damaged
 */
export async function knownErasures(context: BackupContext, owner: BackupOwner): Promise<JournalEntry[]> {
  const known = new Map<string, JournalEntry>();
  for (const entry of await erasuresOfLive(directUrl(context))) known.set(entry.userId, entry);
  const { id } = await readInstallation(directUrl(context));
  const journal = new ErasureJournal(context.configuration.backupFolder, id);
  for (const entry of await readJournal(journal, owner)) known.set(entry.userId, entry);
  return [...known.values()];
}

async function readJournal(
  journal: ErasureJournal,
  { installationId }: BackupOwner,
): Promise<JournalEntry[]> {
  try {
    return await journal.read(installationId === undefined ? [] : [installationId]);
  } catch (error) {
    if (!(error instanceof DamagedJournalError)) throw error;
    throw new BackupError(`${error.message} They would come back with the data.`);
  }
}

/** None where there is no database, or an older one. */
async function erasuresOfLive(url: string): Promise<JournalEntry[]> {
  return withClient(url, async (client) => {
    const { rows: present } = await client.query<{ is_there: boolean }>(
      `select to_regclass('public.erasures') is not null as is_there`,
    );
    if (!present[0]!.is_there) return [];
    const { rows } = await client.query<JournalEntry>(
      `select user_id as "userId", messages, erased_at as "erasedAt" from public.erasures`,
    );
    return rows;
  });
}

/**
 * Erases people again who are in restored data although the journal names them, with their messages. Also finishes
 * erasures that were under way when the data was backed up. No server uses this data yet.
 * @returns the number of people
 */
export async function repeatErasures(
  dataSource: DataSource,
  erasures: readonly Erasure[],
  progress: (what: string) => void,
): Promise<number> {
  const needed = await findReturned(dataSource, erasures);
  for (const [index, erasure] of needed.entries()) {
    progress(`erasing again: ${index + 1} of ${needed.length}`);
    await inTransaction(dataSource, async (manager) => {
      if ((await lockPerson(manager, erasure.userId)) !== undefined) await erasePerson(manager, erasure);
    });
  }
  let messages = 0;
  for (;;) {
    const batch = await inTransaction(dataSource, (manager) => eraseNextBatch(manager, BATCH));
    if (!batch) return needed.length;
    progress(`erasing again: ${(messages += batch.changed.length)} messages`);
  }
}
