import { declareProblem } from '../../platform/problems/problem-kind';

export const CONVERSATION_ID_CONFLICT = declareProblem(
  'conversation-id-conflict',
  409,
  'The conversation id is taken',
  'A conversation with this id exists already. Choose another id.',
);

export const OWNER_MUST_TRANSFER = declareProblem(
  'owner-must-transfer',
  409,
  'The owner has to hand over first',
  'A group has exactly one owner. Make another participant the owner before leaving, or delete the conversation.',
);
