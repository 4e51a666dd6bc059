import { ArrayMaxSize, IsArray, IsIn, Matches } from 'class-validator';
import { Optional, IsId, IsMessageBody, IsQueryInteger } from '../platform/validation/field-rules';
import type { MessageView } from './message-view';

/** What people may send; `system` exists for imported messages only. */
export const SENDABLE_TYPES = ['text', 'image', 'file'] as const;
export type SendableType = (typeof SENDABLE_TYPES)[number];

const VERSION = /^[A-Za-z0-9._-]{1,128}$/;
const VERSION_RULE = 'must have 1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen';
const MAX_ATTACHMENTS = 10;
const MAX_PARENTS = 16;

class MessageFieldsDto {
  @IsMessageBody()
  body: string;

  @Optional()
  @IsIn(SENDABLE_TYPES, { message: `must be one of ${SENDABLE_TYPES.join(', ')}` })
  type?: SendableType;

  @Optional()
  @IsId()
  replyToId?: string;

  @Optional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @IsId({ each: true })
  attachmentIds?: string[];
}

export class SendMessageDto extends MessageFieldsDto {
  @Optional()
  @IsId()
  id?: string;
}

export class PutMessageDto extends MessageFieldsDto {
  /** When given, the id in the address. */
  @Optional()
  @IsId()
  id?: string;

  @Optional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_PARENTS)
  @Matches(VERSION, { each: true, message: VERSION_RULE })
  parents?: string[];

  @Optional()
  @Matches(VERSION, { message: VERSION_RULE })
  version?: string;
}

export class SendMessageCommandDto extends SendMessageDto {
  @IsId()
  conversationId: string;
}

export class MessageReferenceDto {
  @IsId()
  conversationId: string;

  @IsId()
  messageId: string;
}

export class EditMessageCommandDto extends MessageReferenceDto {
  @IsMessageBody()
  body: string;

  @Optional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_PARENTS)
  @Matches(VERSION, { each: true, message: VERSION_RULE })
  parents?: string[];

  @Optional()
  @Matches(VERSION, { message: VERSION_RULE })
  version?: string;
}

export class MessagePageDto {
  @Optional()
  @IsQueryInteger(0)
  before?: number;

  @Optional()
  @IsQueryInteger(0)
  after?: number;

  @Optional()
  @IsQueryInteger(0)
  around?: number;

  @Optional()
  @IsQueryInteger(1, 200)
  limit?: number;
}

export interface MessagePage {
  items: MessageView[];
  head: { seq: number; rev: number };
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
}

export interface VersionView {
  version: string;
  parents: string[];
  body: string | null;
  authorId: string | null;
  createdAt: string;
}
