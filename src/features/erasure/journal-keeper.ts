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
 * Keeps database and journal agreeing. An erasure is committed first and written into the journal then, so the journal
 * names nobody who was not erased; what a killed process has not written down, the database knows.
 */
@Injectable()
export class JournalKeeper {
  private readonly logger = new Logger(JournalKeeper.name);
  /** That of the installation. Known once the database has been asked; it never changes while a server runs. */
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
      this.logger.error(`nobody can be erased, because ${folder} (BACKUP_DIR) cannot be written to`, error);
      throw new Problem(TEMPORARILY_UNAVAILABLE);
    });
  }

  /** Writes down what is committed and not written down yet: all of it, or one person's. Served by `erasures_open_idx`. */
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

  /** Those in the journal who are in the database all the same: it is an earlier one, restored by other means than ours. */
  async findReturned(): Promise<JournalEntry[]> {
    return findReturned(this.dataSource, await (await this.journal()).read());
  }

  private async journal(): Promise<ErasureJournal> {
    if (this.known) return this.known;
    const { id } = await readInstallationOf(this.dataSource);
    return (this.known = new ErasureJournal(this.configuration.backupFolder, id));
  }
}
