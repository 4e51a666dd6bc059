import { Injectable } from '@nestjs/common';
import { deleteDue } from '../../platform/housekeeping/delete-due';
import { Housekeeping } from '../../platform/housekeeping/housekeeping';

/** A client that presents the token of a deleted session is told `session-revoked`, as before. */
const ENDED_SESSION = 'coalesce(t.ended_at, t.expires_at) < now() - make_interval(days => $3)';
const EXPIRED = 't.expires_at < now() - make_interval(days => $3)';

/** Registers ended sessions and expired codes to be deleted. */
@Injectable()
export class AuthenticationHousekeeping {
  constructor(housekeeping: Housekeeping) {
    housekeeping.add({
      name: 'sessions',
      begin: (days) => deleteDue('sessions', 'id', ENDED_SESSION, days),
    });
    housekeeping.add({
      name: 'invitations',
      begin: (days) => deleteDue('invitations', 'id', EXPIRED, days),
    });
    housekeeping.add({
      name: 'password-resets',
      begin: (days) => deleteDue('password_resets', 'user_id', EXPIRED, days),
    });
  }
}
