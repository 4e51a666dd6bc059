import { MAX_PARTICIPANTS } from '../membership/group-limits';
import { ROLES, participantSchema } from '../membership/participant-view';
import type { Role } from '../membership/participant.entity';
import { About, Alternatives } from '../../platform/documents/field-schema';
import { ABSENT, GIVEN, integer, list, page, record, type Of } from '../../platform/documents/schema';
import {
  IsFlag,
  IsId,
  IsListOfIds,
  IsOneOf,
  IsOptionalChoice,
  IsPosition,
  IsText,
  Optional,
  Removable,
} from '../../platform/validation/field-rules';
import { IsName } from '../../platform/validation/name-rules';
import { CONVERSATION_TYPES, conversationSchema, MAX_DESCRIPTION, MAX_TITLE } from './conversation-view';

@Alternatives(
  {
    required: ['type'],
    properties: {
      ...{ type: { const: 'direct' }, id: ABSENT, title: ABSENT, description: ABSENT },
      participantIds: { minItems: 1, maxItems: 1 },
    },
  },
  { required: ['type', 'title'], properties: { type: { const: 'group' }, title: GIVEN } },
)
export class CreateConversationDto {
  @About(undefined, 'group')
  @IsOneOf(CONVERSATION_TYPES)
  type: 'direct' | 'group';

  @About('Groups only. Chosen by the client.')
  @Optional()
  @IsId()
  id?: string;

  @About('Groups only, and required for them.', 'The engine')
  @Optional()
  @IsName(MAX_TITLE)
  title?: string;

  @About('Groups only.', 'All about the engine')
  @Optional()
  @IsText(0, MAX_DESCRIPTION)
  description?: string;

  @About('The others; for `direct` exactly one.')
  @IsListOfIds(MAX_PARTICIPANTS)
  participantIds: string[];
}

export class UpdateConversationDto {
  @About(undefined, 'The engine')
  @Optional()
  @IsName(MAX_TITLE)
  title?: string;

  @About('Null or empty removes it.', 'All about the engine')
  @Removable()
  @IsText(0, MAX_DESCRIPTION)
  description?: string | null;
}

export const conversationListSchema = page('ConversationList', conversationSchema);
export type ConversationList = Of<typeof conversationListSchema>;

export const participantListSchema = record('ParticipantList', { items: list(participantSchema) });

export class PutParticipantDto {
  @About('`member` when it is left out for somebody who is not there yet.', 'admin')
  @IsOptionalChoice(ROLES)
  role?: Role;
}

export class ReadPositionDto {
  @IsPosition()
  seq: number;

  @About('True allows the position to move back.')
  @Optional()
  @IsFlag()
  unread?: boolean;
}

export class ReadPositionCommandDto extends ReadPositionDto {
  @IsId()
  conversationId: string;
}

export const readPositionSchema = record('ReadResult', {
  seq: integer(0, { example: 7 }),
  unreadCount: integer(0, { example: 0 }),
});
export type ReadPositionView = Of<typeof readPositionSchema>;
