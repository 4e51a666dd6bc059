import { messageSchema } from '../messages/message-view';
import { About, fieldRule } from '../../platform/documents/field-schema';
import { integer, list, page, record, type Of } from '../../platform/documents/schema';
import {
  IsCursor,
  IsId,
  IsOptionalChoice,
  IsPageSize,
  IsText,
  Optional,
} from '../../platform/validation/field-rules';
import { ownRule } from '../../platform/validation/own-rule';

const MAX_QUERY = 200;
const HAS = ['link', 'file'] as const;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** `Date.parse` reads the 31st of February as a day in March; reject it. */
function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || !TIME.test(value)) return false;
  const time = Date.parse(value);
  const day = value.slice(0, 10);
  return time >= FIRST_TIME && time <= LAST_TIME && new Date(day).toISOString().startsWith(day);
}

function IsTime(): PropertyDecorator {
  return fieldRule(
    { type: 'string', format: 'date-time', pattern: TIME.source },
    ownRule('isTime', isTime, 'must be a time such as 2026-01-31T12:00:00Z'),
  );
}

export class SearchMessagesDto {
  @About(
    'The message must have all of these words. Case and accents make no difference, and each word may be the beginning of a longer one. "Several words" in quotes must occur exactly so.',
    'lunch',
  )
  @IsText(1, MAX_QUERY)
  q: string;

  @About('Only in this conversation.')
  @Optional()
  @IsId()
  conversationId?: string;

  @About('Only messages from this user.')
  @Optional()
  @IsId()
  senderId?: string;

  @About('Only messages sent at this time or later.', '2026-01-31T12:00:00Z')
  @Optional()
  @IsTime()
  since?: string;

  @About('Only messages sent before this time.', '2026-02-28T12:00:00Z')
  @Optional()
  @IsTime()
  until?: string;

  @About('Only messages with a link, or pictures and files.', 'link')
  @IsOptionalChoice(HAS)
  has?: (typeof HAS)[number];

  @Optional()
  @IsCursor()
  cursor?: string;

  @Optional()
  @IsPageSize()
  limit?: number;
}

const highlightSchema = record(
  'Highlight',
  {
    start: integer(0, { description: 'The first character, in UTF-16 code units.', example: 6 }),
    end: integer(0, { description: 'After the last character.', example: 9 }),
  },
  'A place in the body that matches the query.',
);

const foundMessageSchema = record(
  'FoundMessage',
  {
    message: messageSchema,
    highlights: list(highlightSchema, {}, { description: 'In order of position; they do not overlap.' }),
  },
  'A message, and the places where it matches the query.',
);
export type FoundMessage = Of<typeof foundMessageSchema>;

export const foundMessagesSchema = page('FoundMessages', foundMessageSchema);
export type FoundMessages = Of<typeof foundMessagesSchema>;
