import { Shared } from '../../platform/events/shared';
import type { PresenceSettingsView } from './presence.dto';

/** A person has changed what others see of their presence. */
@Shared({ kind: 'presence-settings-changed' })
export class PresenceSettingsChanged {
  constructor(
    readonly userId: string,
    readonly settings: PresenceSettingsView,
  ) {}
}
