import { Shared } from '../../platform/events/shared';
import type { OwnUserView } from './users.dto';

/** A person has changed their profile. */
@Shared({ kind: 'profile-changed' })
export class ProfileChanged {
  constructor(readonly user: OwnUserView) {}
}
