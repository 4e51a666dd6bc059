import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsString, MaxLength, ValidateIf } from 'class-validator';
import { Optional, IsId, IsPosition, IsQueryInteger, IsText } from '../platform/validation/field-rules';
import type { Role } from '../participation/participant.entity';
import type { ConversationView } from './conversation-view';

export const MAX_PARTICIPANTS = 1_000;

export class CreateConversationDto {
  @IsIn(['direct', 'group'], { message: 'must be direct or group' })
  type: 'direct' | 'group';

  /** Groups only. */
  @Optional()
  @IsId()
  id?: string;

  /** Groups only, and required for them. */
  @Optional()
  @IsText(1, 100)
  title?: string;

  /** Groups only. */
  @Optional()
  @IsText(0, 1_000)
  description?: string;

  /** The others; for `direct` exactly one. */
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_PARTICIPANTS)
  @IsId({ each: true })
  participantIds: string[];
}

export class UpdateConversationDto {
  @Optional()
  @IsText(1, 100)
  title?: string;

  /** Null or empty removes it. */
  @ValidateIf((input: UpdateConversationDto) => input.description !== null && input.description !== undefined)
  @IsText(0, 1_000)
  description?: string | null;
}

export class ConversationListDto {
  @Optional()
  @IsString({ message: 'must be a cursor' })
  @MaxLength(200)
  cursor?: string;

  @Optional()
  @IsQueryInteger(1, 200)
  limit?: number;
}

export interface ConversationList {
  items: ConversationView[];
  nextCursor: string | null;
}

export class PutParticipantDto {
  @Optional()
  @IsIn(['owner', 'admin', 'member'], { message: 'must be owner, admin or member' })
  role?: Role;
}

export class ReadPositionDto {
  @IsPosition()
  seq: number;

  /** True allows the position to move back. */
  @Optional()
  @IsBoolean({ message: 'must be true or false' })
  unread?: boolean;
}

export class ReadPositionCommandDto extends ReadPositionDto {
  @IsId()
  conversationId: string;
}

export interface ReadPositionView {
  seq: number;
  unreadCount: number;
}
