import type { RegistrationPolicy } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { publicAccess } from './public-access.ts';

/** The registration policy; undefined until the server has answered. */
export function useRegistrationPolicy(): RegistrationPolicy | undefined {
  const [policy, setPolicy] = useState<RegistrationPolicy>();
  useEffect(() => {
    // Offered all the same when there is no answer: the server refuses by itself whom it does not let in.
    publicAccess.registrationPolicy().then(setPolicy, () => setPolicy('open'));
  }, []);
  return policy;
}

/** The code in a link such as `/sign-up#xfi_…`, which `xfchat invitation create` prints. */
export function invitationInAddress(): string | undefined {
  const code = location.hash.slice(1);
  return location.pathname === '/sign-up' && code ? code : undefined;
}

/** Takes the code out of the address, so that it is in no history and no screenshot. */
export function forgetInvitationInAddress(): void {
  if (location.pathname === '/sign-up') history.replaceState(history.state, '', '/');
}
