import type { RegistrationPolicy } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { publicAccess } from './public-access.ts';

/** The registration policy; undefined until the server has answered. */
export function useRegistrationPolicy(): RegistrationPolicy | undefined {
  const [policy, setPolicy] = useState<RegistrationPolicy>();
  useEffect(() => {
    // Without an answer, offer the form: the server rejects the registration if it is closed.
    publicAccess.registrationPolicy().then(setPolicy, () => setPolicy('open'));
  }, []);
  return policy;
}

/** The code in a link such as `/sign-up#xfi_…`, which `xfchat invitation create` prints. */
export function invitationInAddress(): string | undefined {
  const code = location.hash.slice(1);
  return location.pathname === '/sign-up' && code ? code : undefined;
}

/** Removes the code from the address, so that no history and no screenshot contains it. */
export function forgetInvitationInAddress(): void {
  if (location.pathname === '/sign-up') history.replaceState(history.state, '', '/');
}
