import { conversationSchema } from '../conversations/conversation-view';
import { messageSchema } from '../messages/message-view';
import { headSchema } from '../membership/head';
import { participantSchema } from '../membership/participant-view';
import { About } from '../../platform/documents/field-schema';
import {
  constant,
  described,
  either,
  extended,
  flag,
  id,
  integer,
  list,
  nullable,
  EXAMPLE_ID,
  record,
  text,
  type Of,
} from '../../platform/documents/schema';
import {
  IsListOf,
  IsPosition,
  IsQueryInteger,
  IsWantedId,
  MAX_WANTED_ID,
  Optional,
} from '../../platform/validation/field-rules';

const MAX_CURSORS = 200;

export class ChangesDto {
  @About('The highest `seq` that the client has; 0 when it is left out.')
  @Optional()
  @IsQueryInteger(0)
  seq?: number;

  @About('The highest `rev` that the client has; 0 when it is left out.')
  @Optional()
  @IsQueryInteger(0)
  rev?: number;

  @About('The epoch of the two.')
  @Optional()
  @IsQueryInteger(0)
  epoch?: number;
}

export class SyncCursorDto {
  @About('A text that is no id names no conversation of the caller: it is answered with `gone`.')
  @IsWantedId()
  conversationId: string;

  @IsPosition()
  seq: number;

  @IsPosition()
  rev: number;
}

export class SyncDto {
  @Optional()
  @IsPosition()
  epoch?: number;

  @About('Each conversation at most once.')
  @IsListOf(SyncCursorDto, MAX_CURSORS, 'conversationId', 'must name each conversation once')
  cursors: SyncCursorDto[];
}

const ownStateSchema = record(
  'OwnState',
  {
    readSeq: integer(0, { description: 'One’s read position.', example: 7 }),
    hidden: flag('Not in one’s list until the next message, or until one opens the conversation again.'),
  },
  'What is one’s own in a conversation. It takes no `rev`, so it comes as it is now with every answer.',
);

export const changesSchema = record(
  'Changes',
  {
    messages: list(messageSchema, {}, { description: 'New and changed ones, as they are now, by `seq`.' }),
    participants: list(
      participantSchema,
      {},
      { description: 'Changed ones, and from nothing everybody; `leftAt` on those who left.' },
    ),
    conversation: described(
      nullable(conversationSchema),
      'When title or description changed, and from nothing; else null.',
    ),
    head: headSchema,
    cursor: described(headSchema, 'Where to go on; equals the head when `complete`.'),
    epoch: integer(0, { example: 1 }),
    complete: flag(),
    own: ownStateSchema,
  },
  'What a client lacks of a conversation.',
);
export type Changes = Of<typeof changesSchema>;

const conversationId = id();
const wantedId = text({ maximum: MAX_WANTED_ID }, { example: EXAMPLE_ID });
const syncedSchema = either(
  extended('SyncedChanges', changesSchema, { conversationId }),
  record(
    'SyncedGone',
    { conversationId: wantedId, gone: constant(true) },
    'Not, or no longer, the caller’s.',
  ),
  record('SyncedReset', { conversationId, reset: constant(true) }, 'Of another history: start again from 0.'),
);
export type SyncedConversation = Of<typeof syncedSchema>;

export const syncResultSchema = record('SyncResult', {
  changes: list(syncedSchema, {}, { description: 'In the order of the cursors.' }),
});
