import type { Call } from './routes.ts';
import type { Device, OwnUser, PresenceSettings, PresenceSettingsChanges, ProfileChanges } from './types.ts';

/** What a user has of their own: profile, password and devices. */
export class Profile {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  read(): Promise<OwnUser> {
    return this.call('GET /users/me');
  }

  /** Changes what is given; null clears a status or an avatar. */
  update(changes: ProfileChanges): Promise<OwnUser> {
    return this.call('PATCH /users/me', { body: changes });
  }

  /** What others see of the user's presence. */
  presence(): Promise<PresenceSettings> {
    return this.call('GET /users/me/presence');
  }

  /** Changes what is given, on all devices. */
  updatePresence(changes: PresenceSettingsChanges): Promise<PresenceSettings> {
    return this.call('PATCH /users/me/presence', { body: changes });
  }

  /** Ends all other sessions. @throws XFChatError such as `invalid-credentials` */
  async changePassword(passwords: {
    readonly currentPassword: string;
    readonly newPassword: string;
  }): Promise<void> {
    await this.call('PUT /auth/password', { body: passwords });
  }

  /** Where the user is signed in. */
  async devices(): Promise<readonly Device[]> {
    const { items } = await this.call('GET /auth/sessions');
    return items;
  }

  /** Signs a device out. */
  async endDevice(sessionId: string): Promise<void> {
    await this.call('DELETE /auth/sessions/{sessionId}', { params: { sessionId } });
  }
}
