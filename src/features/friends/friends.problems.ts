import { described } from '../../platform/documents/schema';
import { declareProblem } from '../../platform/problems/problem-kind';
import { friendRequestSchema } from './friends.dto';

export const FRIEND_REQUEST_NOT_FOUND = declareProblem(
  'friend-request-not-found',
  404,
  'The friend request does not exist',
  'There is no such friend request, or it is not yours.',
);

export const ALREADY_FRIENDS = declareProblem(
  'already-friends',
  409,
  'You are friends already',
  'The two of you are friends, so there is nothing to request.',
);

export const FRIEND_REQUEST_EXISTS = declareProblem(
  'friend-request-exists',
  409,
  'The friend request exists already',
  'A request between the two of you is open. `friendRequest` is that request.',
  {
    carries: {
      field: 'friendRequest',
      schema: described(friendRequestSchema, 'With `friend-request-exists`: the existing request.'),
    },
  },
);

export const FRIEND_REQUEST_ALREADY_ANSWERED = declareProblem(
  'friend-request-already-answered',
  409,
  'The friend request was answered already',
  'The request already has another answer: it was accepted, declined or cancelled before.',
);
