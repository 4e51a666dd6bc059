import type { OwnUserView } from './users.dto';

/** A person has changed their profile. */
export class ProfileChanged {
  constructor(readonly user: OwnUserView) {}
}
