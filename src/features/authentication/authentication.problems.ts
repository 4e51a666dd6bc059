import { declareProblem } from '../../platform/problems/problem-kind';

export const INVALID_CREDENTIALS = declareProblem(
  'invalid-credentials',
  401,
  'The credentials are wrong',
  'No account matches this login and password. The answer is the same whether the account exists or not.',
);

export const ACCOUNT_DISABLED = declareProblem(
  'account-disabled',
  403,
  'The account is disabled',
  'The password is right, but an operator of this server has disabled the account. Ask them.',
);

export const REGISTRATION_CLOSED = declareProblem(
  'registration-closed',
  403,
  'Nobody can make an account here',
  'The operator of this server does not let people make accounts.',
);

export const INVITATION_REQUIRED = declareProblem(
  'invitation-required',
  403,
  'An invitation is needed',
  'This server lets people make an account only with an invitation. Send its code as `invitation`.',
);

export const INVITATION_INVALID = declareProblem(
  'invitation-invalid',
  403,
  'The invitation cannot be used',
  'The code is wrong, has expired, was revoked, or was used as often as it may be. Ask for another invitation.',
);

export const PASSWORD_RESET_INVALID = declareProblem(
  'password-reset-invalid',
  403,
  'The link cannot be used',
  'The link that sets a new password is wrong, has expired, was used already, or was replaced by a newer one. Ask for another link.',
);

export const EMAIL_TAKEN = declareProblem(
  'email-taken',
  409,
  'The e-mail address is taken',
  'Another account has this e-mail address.',
);
