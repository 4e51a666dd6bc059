import { Api, type Fetch } from './api.ts';
import type { RegistrationPolicy } from './types.ts';

/** The requests that need no session. */
export class PublicAccess {
  private readonly api: Api;

  /**
   * @param options `timeoutMs` is the time limit for an answer, in milliseconds; 15,000 by default
   * @throws XFChatError `validation-failed` when `url` is not the address of a server
   */
  constructor(options: { readonly url: string; readonly timeoutMs?: number; readonly fetch?: Fetch }) {
    this.api = new Api(options.url, options.timeoutMs ?? 15_000, options.fetch);
  }

  /** Says whether anybody may create an account, or only people with an invitation, or nobody. @throws XFChatError */
  async registrationPolicy(): Promise<RegistrationPolicy> {
    const { policy } = await this.api.call('GET /auth/registration');
    return policy;
  }

  /** Sets a new password, by a code that an operator has issued. @throws XFChatError such as `password-reset-invalid` */
  async resetPassword(input: { readonly code: string; readonly newPassword: string }): Promise<void> {
    await this.api.call('POST /auth/password-reset', { body: input });
  }
}
