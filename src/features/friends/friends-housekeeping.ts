import { Injectable } from '@nestjs/common';
import { deleteDue } from '../../platform/housekeeping/delete-due';
import { Housekeeping } from '../../platform/housekeeping/housekeeping';

/** An answered request is only needed for repeated answers, and for the limit of requests without success. */
const ANSWERED = `t.status <> 'pending' and t.responded_at < now() - make_interval(days => $3)`;

/** Registers answered friend requests to be deleted. */
@Injectable()
export class FriendsHousekeeping {
  constructor(housekeeping: Housekeeping) {
    housekeeping.add({
      name: 'friend-requests',
      begin: (days) => deleteDue('friend_requests', 'id', ANSWERED, days),
    });
  }
}
