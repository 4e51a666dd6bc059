import { About } from '../../platform/documents/field-schema';
import {
  byId,
  flag,
  id,
  list,
  nullable,
  page,
  record,
  text,
  time,
  type Of,
} from '../../platform/documents/schema';
import { IsEmoji } from '../../platform/validation/emoji';
import {
  IsId,
  IsListOfIds,
  IsOptionalChoice,
  IsCursor,
  IsPageSize,
  MAX_PAGE_SIZE,
  IsQueryInteger,
  Optional,
} from '../../platform/validation/field-rules';
import { IsListOfVersions, IsVersion } from '../../platform/validation/name-rules';
import { headSchema } from '../membership/head';
import { IsMessageBody } from './message-body';
import { MAX_ATTACHMENTS } from './attachment-view';
import { MAX_MESSAGE_LENGTH, messageSchema } from './message-view';

/** The types that people may send. Only imported messages have the type `system`. */
export const SENDABLE_TYPES = ['text', 'image', 'file'] as const;
export type SendableType = (typeof SENDABLE_TYPES)[number];

const MAX_PARENTS = 16;
const PARENTS = 'The versions that the author saw. When absent, the current version.';

class MessageFieldsDto {
  @IsMessageBody()
  body: string;

  @IsOptionalChoice(SENDABLE_TYPES)
  type?: SendableType;

  @About('A message of the same conversation.')
  @Optional()
  @IsId()
  replyToId?: string;

  @About('Uploads of the sender that no message carries yet, each once.', [])
  @Optional()
  @IsListOfIds(MAX_ATTACHMENTS)
  attachmentIds?: string[];
}

export class SendMessageDto extends MessageFieldsDto {
  @About('Chosen by the client, so that sending again is safe.')
  @Optional()
  @IsId()
  id?: string;
}

export class PutMessageDto extends MessageFieldsDto {
  @About('When given, the id in the address.')
  @Optional()
  @IsId()
  id?: string;

  @About(`${PARENTS} Empty: create only.`)
  @Optional()
  @IsListOfVersions(MAX_PARENTS)
  parents?: string[];

  @About('Names the new version, so that repeating the edit is safe.')
  @Optional()
  @IsVersion()
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

export class ReactionCommandDto extends MessageReferenceDto {
  @About('In any spelling: variation selectors make no difference.')
  @IsEmoji()
  emoji: string;
}

export class EditMessageCommandDto extends MessageReferenceDto {
  @IsMessageBody()
  body: string;

  @About(PARENTS)
  @Optional()
  @IsListOfVersions(MAX_PARENTS)
  parents?: string[];

  @About('Names the new version, so that repeating the edit is safe.')
  @Optional()
  @IsVersion()
  version?: string;
}

export class MessagePageDto {
  @About('Messages below this `seq`.')
  @Optional()
  @IsQueryInteger(0)
  before?: number;

  @About('Messages above this `seq`.')
  @Optional()
  @IsQueryInteger(0)
  after?: number;

  @About('Messages on both sides of this `seq`. At most one of the three.')
  @Optional()
  @IsQueryInteger(0)
  around?: number;

  @Optional()
  @IsPageSize()
  limit?: number;
}

export const messagePageSchema = record(
  'MessagePage',
  { items: list(messageSchema), head: headSchema, hasMoreBefore: flag(), hasMoreAfter: flag() },
  '`items` ascend by `seq`.',
);
export type MessagePage = Of<typeof messagePageSchema>;

export const pinnedListSchema = page('PinnedList', messageSchema);
export type PinnedList = Of<typeof pinnedListSchema>;

/** A conversation as a Braid resource. */
export const timelineSchema = record('Timeline', { messages: byId(messageSchema) });

export const versionSchema = record('Version', {
  version: text({ minimum: 1, maximum: 128 }, { example: 'draft-2' }),
  parents: list(text({ minimum: 1, maximum: 128 }, { example: 'draft-1' })),
  body: nullable(text({ maximum: MAX_MESSAGE_LENGTH }, { example: 'Hello Ben!' })),
  authorId: nullable(id()),
  createdAt: time(),
});
export type VersionView = Of<typeof versionSchema>;

export const versionListSchema = page('VersionList', versionSchema);
export type VersionList = Of<typeof versionListSchema>;

export class VersionListQueryDto {
  @Optional()
  @IsCursor()
  cursor?: string;

  @Optional()
  @IsPageSize(MAX_PAGE_SIZE)
  limit?: number;
}
