import { declareProblem } from '../../platform/problems/problem-kind';

export const CONVERSATION_NOT_FOUND = declareProblem(
  'conversation-not-found',
  404,
  'The conversation does not exist',
  'There is no such conversation, or you do not participate in it; the two look the same.',
);
