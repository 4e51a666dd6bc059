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

/** A conversation is locked for as long as this many of its messages take. */
const BATCH = 200;

/** Erasing people while others chat: each step is a transaction, after which everybody concerned is told. */
@Injectable()
export class Erasures {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Erases the person but for their messages.
   * @param check is called once the person is locked, and checks again what was checked before; what it throws ends the
   *   erasure. Without it somebody who is erased already stays so.
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

  /** Whether anything is left to do of any erasure. Served by `erasures_open_idx`. */
  async areLeft(): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `select from erasures where finished_at is null or journaled_at is null limit 1`,
    );
    return rows.length > 0;
  }

  /** @returns false when nothing is left to do, or others are doing it */
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
