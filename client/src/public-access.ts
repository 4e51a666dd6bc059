import { Api, type Fetch } from './api.ts';
import type { RegistrationPolicy } from './types.ts';

/** What a server does for anybody, without a session. */
export class PublicAccess {
  private readonly api: Api;

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(options: { readonly url: string; readonly timeoutMs?: number; readonly fetch?: Fetch }) {
    this.api = new Api(options.url, options.timeoutMs ?? 15_000, options.fetch);
  }

  /** Who may make an account. */
  async registrationPolicy(): Promise<RegistrationPolicy> {
    const { policy } = await this.api.call('GET /auth/registration');
    return policy;
  }

  /** Sets a new password by the code that an operator has given. @throws XFChatError such as `password-reset-invalid` */
  async resetPassword(input: { readonly code: string; readonly newPassword: string }): Promise<void> {
    await this.api.call('POST /auth/password-reset', { body: input });
  }
}
