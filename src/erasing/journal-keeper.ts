import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ErasureJournal, type JournalEntry } from '../backups/erasure-journal';
import { comeBack } from '../erasure/erase-person.queries';
import { Configuration } from '../platform/configuration/configuration';
import { inTransaction } from '../platform/database/transaction';
import { Problem } from '../platform/problems/problem';

/**
 * Keeps database and journal agreeing. An erasure is committed first and written into the journal then, so the journal
 * names nobody who was not erased; what a killed process has not written down, the database knows.
 */
@Injectable()
export class JournalKeeper {
  private readonly logger = new Logger(JournalKeeper.name);
  private readonly journal: ErasureJournal;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {
    this.journal = new ErasureJournal(configuration.backupFolder);
  }

  /** @throws Problem `temporarily-unavailable` */
  async requireWritable(): Promise<void> {
    await this.journal.requireWritable().catch((error: unknown) => {
      const folder = this.configuration.backupFolder;
      this.logger.error(`nobody can be erased, because ${folder} (BACKUP_DIR) cannot be written to`, error);
      throw new Problem('temporarily-unavailable');
    });
  }

  /** Writes down what is committed and not written down yet: all of it, or one person's. Served by `erasures_open_idx`. */
  async writeOpen(userId?: string): Promise<void> {
    const open: JournalEntry[] = await this.dataSource.query(
      `select user_id as "userId", messages, erased_at as "erasedAt" from erasures
       where journaled_at is null and ($1::uuid is null or user_id = $1)`,
      [userId ?? null],
    );
    for (const entry of open) {
      await this.journal.write(entry);
      const written = `update erasures set journaled_at = now() where user_id = $1`;
      await inTransaction(this.dataSource, (manager) => manager.query(written, [entry.userId]));
    }
  }

  /** Those in the journal who are in the database all the same: it is an earlier one, restored by other means than ours. */
  async comeBack(): Promise<JournalEntry[]> {
    return comeBack(this.dataSource, await this.journal.read());
  }
}
