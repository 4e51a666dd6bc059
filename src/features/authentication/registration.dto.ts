import { oneOf, record, type Of } from '../../platform/documents/schema';

export const registrationPolicySchema = record('RegistrationPolicy', {
  policy: oneOf(
    ['open', 'invite', 'closed'],
    '`open`: everybody may make an account. `invite`: those who send an `invitation`. `closed`: nobody.',
  ),
});
export type RegistrationPolicyView = Of<typeof registrationPolicySchema>;
