import { declareProblem } from '../../platform/problems/problem-kind';

export const ATTACHMENT_NOT_FOUND = declareProblem(
  'attachment-not-found',
  404,
  'The attachment does not exist',
  'There is no attachment with this id, or you may not see it: its message was deleted, or you do not participate in the conversation.',
);

export const ATTACHMENT_QUOTA_EXCEEDED = declareProblem(
  'attachment-quota-exceeded',
  403,
  'Your attachments use all of your space',
  'With this file, your attachments would exceed the space of one person. Delete messages with attachments to free some. An upload that no message carries is removed after a day.',
);
