import { described } from '../../platform/documents/schema';
import { declareProblem } from '../../platform/problems/problem-kind';
import { messageSchema } from './message-view';

/** The extra member of a version conflict. */
const CURRENT_MESSAGE = {
  field: 'current',
  schema: described(messageSchema, 'With `version-conflict`: the current state of the message.'),
};

export const MESSAGE_NOT_FOUND = declareProblem(
  'message-not-found',
  404,
  'The message does not exist',
  'There is no message with this id in the conversation.',
);

export const MESSAGE_ID_CONFLICT = declareProblem(
  'message-id-conflict',
  409,
  'The message id is taken',
  'The id names another message: another sender, conversation or content. Nothing was changed. Choose a new id for a new message.',
);

export const VERSION_CONFLICT = declareProblem(
  'version-conflict',
  409,
  'The message has changed meanwhile',
  'The edit was based on a version that is not the current one, or its version id names another edit. `current` is the message as it is. Resolve and try again.',
  { carries: CURRENT_MESSAGE },
);

export const PRECONDITION_FAILED = declareProblem(
  'precondition-failed',
  412,
  'The message is not the one that If-Match names',
  'None of the entity tags in `If-Match` is the one of the message as it is. Nothing was changed. `current` is the message as it is. Resolve and try again.',
  { carries: CURRENT_MESSAGE },
);

export const RANGE_NOT_SATISFIABLE = declareProblem(
  'range-not-satisfiable',
  416,
  'The range is not one that can be patched',
  'Patches address the body of a message: unit json, range .body, or a part of it like .body[3:5]. Positions count characters (Unicode code points) of the version that the patch is based on.',
);

export const MESSAGE_TOO_LONG = declareProblem(
  'message-too-long',
  422,
  'The message is too long',
  'The body of a message has more characters (Unicode code points) than allowed.',
);

export const VERSION_NOT_FOUND = declareProblem(
  'version-not-found',
  432,
  'Version Not Found',
  'The history does not have the versions that the header of the same name lists, or does not keep the state that is asked for. Subscribe without Parents to start from the newest page.',
);
