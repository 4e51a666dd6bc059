import { declareProblem } from '../../platform/problems/problem-kind';

export const USER_NOT_FOUND = declareProblem(
  'user-not-found',
  404,
  'The user does not exist',
  'There is no user with this id or name.',
);

export const USERNAME_TAKEN = declareProblem(
  'username-taken',
  409,
  'The username is taken',
  'Another account has this username. Choose another one.',
);
