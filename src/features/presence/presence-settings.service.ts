import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { SESSION_REVOKED } from '../../platform/problems/general-problems';
import { holdPeople } from '../users/people.queries';
import type { PresenceSettingsView, UpdatePresenceSettingsDto } from './presence.dto';
import { PresenceSettingsChanged } from './presence.events';
import { DEFAULT_SETTINGS, readSettings, type PresenceSettings } from './presence.queries';
import { UserPresence } from './user-presence.entity';

/** How much of their presence users let others see. */
@Injectable()
export class PresenceSettingsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async read(userId: string): Promise<PresenceSettingsView> {
    const settings = await readSettings(this.dataSource, [userId]);
    return view(settings.get(userId) ?? DEFAULT_SETTINGS);
  }

  /**
   * Sends a change to all devices of the user; an update that changes nothing sends nothing. Served by
   * `user_presence_pkey`.
   * @throws Problem `session-revoked` when the user was erased meanwhile
   */
  async update(
    userId: string,
    { invisible, lastSeen }: UpdatePresenceSettingsDto,
  ): Promise<PresenceSettingsView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      await holdPeople(manager, [userId], SESSION_REVOKED);
      await manager.query(`insert into user_presence (user_id) values ($1) on conflict do nothing`, [userId]);
      // Compares under the row's lock: of several equal updates at once, only the first one changes something.
      const before = await manager.findOneOrFail(UserPresence, {
        where: { userId },
        lock: { mode: 'for_no_key_update' },
      });
      const after: PresenceSettings = {
        isInvisible: invisible ?? before.isInvisible,
        hidesLastSeen: lastSeen === undefined ? before.hidesLastSeen : lastSeen === 'nobody',
      };
      const isChanged =
        after.isInvisible !== before.isInvisible || after.hidesLastSeen !== before.hidesLastSeen;
      if (isChanged) {
        await manager.update(UserPresence, userId, after);
        announce(new PresenceSettingsChanged(userId, view(after)));
      }
      return view(after);
    });
  }
}

function view({ isInvisible, hidesLastSeen }: PresenceSettings): PresenceSettingsView {
  return { invisible: isInvisible, lastSeen: hidesLastSeen ? 'nobody' : 'contacts' };
}
