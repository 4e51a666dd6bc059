import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { findReturned } from './erase-person.queries';
import { Configuration } from '../../platform/configuration/configuration';
import { readInstallationOf } from '../../platform/database/installation.queries';
import { inTransaction } from '../../platform/database/transaction';
import { TEMPORARILY_UNAVAILABLE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { ErasureJournal, type JournalEntry } from './erasure-journal';

/**
 * Keeps the database and the journal in agreement. An erasure is committed first and then written into the journal, so
 * the journal names only erased people. The database knows entries that a killed process did not write.
 */
@Injectable()
export class JournalKeeper {
  private readonly logger = new Logger(JournalKeeper.name);
  /** The journal of this installation. Known once the database was asked; it never changes while a server runs. */
  private known: ErasureJournal | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  /** @throws Problem `temporarily-unavailable` */
  async requireWritable(): Promise<void> {
    const journal = await this.journal();
    await journal.requireWritable().catch((error: unknown) => {
      const folder = this.configuration.backupFolder;
      this.logger.error(`no user can be erased, because ${folder} (BACKUP_DIR) is not writable`, error);
      throw new Problem(TEMPORARILY_UNAVAILABLE);
    });
  }

  /**
   * Writes missing journal entries of committed erasures: all of them, or one person's. Served by `erasures_open_idx`.
   */
  async writeOpen(userId?: string): Promise<void> {
    const open: JournalEntry[] = await this.dataSource.query(
      `select user_id as "userId", messages, erased_at as "erasedAt" from erasures
       where journaled_at is null and ($1::uuid is null or user_id = $1)`,
      [userId ?? null],
    );
    const journal = await this.journal();
    for (const entry of open) {
      await journal.write(entry);
      const written = `update erasures set journaled_at = now() where user_id = $1`;
      await inTransaction(this.dataSource, (manager) => manager.query(written, [entry.userId]));
    }
  }

  /**
   * Finds people who are in the journal and still in the database: somebody restored an earlier database by other means
   * than ours.
   */
  async findReturned(): Promise<JournalEntry[]> {
    return findReturned(this.dataSource, await (await this.journal()).read());
  }

  private async journal(): Promise<ErasureJournal> {
    if (this.known) return this.known;
    const { id } = await readInstallationOf(this.dataSource);
    return (this.known = new ErasureJournal(this.configuration.backupFolder, id));
  }
}
