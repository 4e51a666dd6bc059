import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { eraseNextBatch } from './erase-next-batch.queries';
import { erasePerson, lockPerson, type Erasure } from './erase-person.queries';
import { messageView } from '../messages/message-view';
import { MessageDeleted, MessageUpdated } from '../messages/messages.events';
import { findMessages } from '../messages/messages.queries';
import { inTransaction } from '../../platform/database/transaction';
import { erasureEvents } from './erasure-events';

/** Messages per transaction. A conversation stays locked while so many of its messages change. */
const BATCH = 200;

/** Erases people while others chat. Each step is a transaction, after which all affected users get events. */
@Injectable()
export class Erasures {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Erases the person except for their messages.
   * @param check runs once the person is locked, and repeats earlier checks; its error aborts the erasure. Without it,
   * erasing an erased person changes nothing.
   */
  async erase(erasure: Erasure, check?: (manager: EntityManager) => Promise<void>): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const isThere = (await lockPerson(manager, erasure.userId)) !== undefined;
      if (check) await check(manager);
      else if (!isThere) return;
      const outcome = await erasePerson(manager, erasure);
      for (const event of await erasureEvents(manager, erasure.userId, outcome)) announce(event);
    });
  }

  /** Whether any erasure has work left. Served by `erasures_open_idx`. */
  async areLeft(): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `select from erasures where finished_at is null or journaled_at is null limit 1`,
    );
    return rows.length > 0;
  }

  /** @returns false when no work is left, or other processes are doing it */
  async eraseNextBatch(): Promise<boolean> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const batch = await eraseNextBatch(manager, BATCH);
      if (!batch) return false;
      const rows = await findMessages(
        manager,
        batch.changed.map(({ id }) => id),
      );
      const found = new Map(rows.map((row) => [row.id, messageView(row)]));
      for (const { id, becameTombstone } of batch.changed) {
        const message = found.get(id)!;
        const event = becameTombstone ? new MessageDeleted(message) : new MessageUpdated(message);
        announce(event);
      }
      return true;
    });
  }
}
