import { allOf, PAGE_SIZE, type Call } from './routes.ts';
import type { Device, OwnUser, PresenceSettings, PresenceSettingsChanges, ProfileChanges } from './types.ts';

/** The user's own profile, password, presence settings and devices. */
export class Profile {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /** The user's own profile. @throws XFChatError */
  read(): Promise<OwnUser> {
    return this.call('GET /users/me');
  }

  /** Changes the given fields of the profile; null clears the status or the avatar. @throws XFChatError */
  update(changes: ProfileChanges): Promise<OwnUser> {
    return this.call('PATCH /users/me', { body: changes });
  }

  /** The settings that decide how others see the user's presence. @throws XFChatError */
  presence(): Promise<PresenceSettings> {
    return this.call('GET /users/me/presence');
  }

  /** Changes the given presence settings, for all devices of the user. @throws XFChatError */
  updatePresence(changes: PresenceSettingsChanges): Promise<PresenceSettings> {
    return this.call('PATCH /users/me/presence', { body: changes });
  }

  /** Changes the password and ends all other sessions. @throws XFChatError such as `invalid-credentials` */
  async changePassword(passwords: {
    readonly currentPassword: string;
    readonly newPassword: string;
  }): Promise<void> {
    await this.call('PUT /auth/password', { body: passwords });
  }

  /** The devices on which the user is signed in. @throws XFChatError */
  async devices(): Promise<readonly Device[]> {
    return allOf((cursor) => this.call('GET /auth/sessions', { query: { limit: PAGE_SIZE, cursor } }));
  }

  /** Signs out a device. @throws XFChatError */
  async endDevice(sessionId: string): Promise<void> {
    await this.call('DELETE /auth/sessions/{sessionId}', { params: { sessionId } });
  }
}
