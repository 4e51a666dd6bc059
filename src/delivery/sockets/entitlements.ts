import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

/** Reads what the server has to know of an arriving socket's user. */
@Injectable()
export class Entitlements {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** See G4: in another epoch, the numbers start again. */
  async epoch(): Promise<number> {
    const rows: { epoch: number }[] = await this.dataSource.query('select epoch from database_state');
    return rows[0]!.epoch;
  }

  /**
   * The conversations whose events a user's sockets get. A direct conversation with a block is not among them; the two
   * people then get only their own events, as users. Served by `conversation_participants_user_idx`.
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
