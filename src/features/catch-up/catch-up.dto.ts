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
  @About('The highest `seq` that the client has; 0 when absent.')
  @Optional()
  @IsQueryInteger(0)
  seq?: number;

  @About('The highest `rev` that the client has; 0 when absent.')
  @Optional()
  @IsQueryInteger(0)
  rev?: number;

  @About('The epoch of `seq` and `rev`.')
  @Optional()
  @IsQueryInteger(0)
  epoch?: number;
}

export class SyncCursorDto {
  @About('A text that is not an id names no conversation, so it is answered with `gone`.')
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
    readSeq: integer(0, { description: 'The caller’s read position.', example: 7 }),
    hidden: flag(
      'Whether it is hidden from the caller’s list until the next message, or until the caller opens it again.',
    ),
  },
  'The caller’s own fields of a conversation. They take no `rev`, so every answer has their current values.',
);

export const changesSchema = record(
  'Changes',
  {
    messages: list(
      messageSchema,
      {},
      { description: 'New and changed messages in their current state, by `seq`.' },
    ),
    participants: list(
      participantSchema,
      {},
      { description: 'Changed participants; from nothing all of them. Those who left have `leftAt`.' },
    ),
    conversation: described(
      nullable(conversationSchema),
      'The conversation, if its title or description changed, and from nothing; else null.',
    ),
    head: headSchema,
    cursor: described(headSchema, 'The position to continue from; equals the head when `complete`.'),
    epoch: integer(0, { example: 1 }),
    complete: flag(),
    own: ownStateSchema,
  },
  'The changes of a conversation that a client lacks.',
);
export type Changes = Of<typeof changesSchema>;

const conversationId = id();
const wantedId = text({ maximum: MAX_WANTED_ID }, { example: EXAMPLE_ID });
const syncedSchema = either(
  extended('SyncedChanges', changesSchema, { conversationId }),
  record(
    'SyncedGone',
    { conversationId: wantedId, gone: constant(true) },
    'The caller does not participate, or no longer does.',
  ),
  record(
    'SyncedReset',
    { conversationId, reset: constant(true) },
    'The cursor belongs to another history: start again from 0.',
  ),
);
export type SyncedConversation = Of<typeof syncedSchema>;

export const syncResultSchema = record('SyncResult', {
  changes: list(syncedSchema, {}, { description: 'In the order of the cursors.' }),
});
