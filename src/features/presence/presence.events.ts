import { Shared } from '../../platform/events/shared';
import type { PresenceSettingsView } from './presence.dto';

/** A user changed their presence settings. */
@Shared({ kind: 'presence-settings-changed' })
export class PresenceSettingsChanged {
  constructor(
    readonly userId: string,
    readonly settings: PresenceSettingsView,
  ) {}
}
