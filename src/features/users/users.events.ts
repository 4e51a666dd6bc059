import { Shared } from '../../platform/events/shared';
import type { OwnUserView } from './users.dto';

/** A person changed their profile. */
@Shared({ kind: 'profile-changed' })
export class ProfileChanged {
  constructor(readonly user: OwnUserView) {}
}
