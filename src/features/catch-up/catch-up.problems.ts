import { declareProblem } from '../../platform/problems/problem-kind';

export const CURSOR_RESET = declareProblem(
  'cursor-reset',
  409,
  'The cursor belongs to another history',
  'The cursor is of another epoch or ahead of the conversation. Drop what you hold of the conversation and start again from 0.',
);
