import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

/** What an arriving socket needs to know. */
@Injectable()
export class Entitlements {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** See G4: another epoch than before means that the numbers restart. */
  async epoch(): Promise<number> {
    const rows: { epoch: number }[] = await this.dataSource.query('select epoch from database_state');
    return rows[0]!.epoch;
  }

  /**
   * The conversations whose events a socket hears. While a block stands, a direct conversation is none of them: each of
   * the two people hears what is their own as a person. Served by `conversation_participants_user_idx`.
   */
  async of(userId: string): Promise<{ conversationIds: string[]; epoch: number }> {
    const rows: { epoch: number; conversation_ids: string[] }[] = await this.dataSource.query(
      `select s.epoch, array(
         select p.conversation_id from conversation_participants p join conversations c on c.id = p.conversation_id
         where p.user_id = $1 and p.left_at is null and c.deleted_at is null and c.blocked_rev is null) as conversation_ids
       from database_state s`,
      [userId],
    );
    return { conversationIds: rows[0]!.conversation_ids, epoch: rows[0]!.epoch };
  }
}
