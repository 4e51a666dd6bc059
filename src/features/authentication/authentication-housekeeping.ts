import { Injectable } from '@nestjs/common';
import { Configuration } from '../../platform/configuration/configuration';
import { deleteDue } from '../../platform/housekeeping/delete-due';
import { Housekeeping } from '../../platform/housekeeping/housekeeping';
import { deleteOldEvents } from './authentication-log.queries';

/** A client that presents the token of a deleted session is told `session-revoked`, as before. */
const ENDED_SESSION = 'coalesce(t.ended_at, t.expires_at) < now() - make_interval(days => $3)';
const EXPIRED = 't.expires_at < now() - make_interval(days => $3)';

/** Rows of the authentication log that one batch deletes. */
const BATCH = 1_000;

/** Registers ended sessions, expired codes and old entries of the authentication log to be deleted. */
@Injectable()
export class AuthenticationHousekeeping {
  constructor(housekeeping: Housekeeping, { AUTHENTICATION_LOG_DAYS }: Configuration) {
    housekeeping.add({
      name: 'authentication-log',
      begin: () => async (manager) => {
        const deleted = await deleteOldEvents(manager, AUTHENTICATION_LOG_DAYS, BATCH);
        return { deleted, isDone: deleted < BATCH };
      },
    });
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
