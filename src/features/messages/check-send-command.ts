import { isStoredId } from '../../platform/validation/field-rules';
import { toValid } from '../../platform/validation/request-validation.pipe';
import { isMessageBody } from './message-body';
import { SENDABLE_TYPES, SendMessageCommandDto } from './messages.dto';

type Known = Record<keyof SendMessageCommandDto, (value: unknown) => boolean>;

const optional =
  (isGood: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isGood(value);

/** Each field as it is accepted without a change. */
const FIELDS: Known = {
  conversationId: isStoredId,
  body: isMessageBody,
  id: optional(isStoredId),
  type: optional((value) => (SENDABLE_TYPES as readonly unknown[]).includes(value)),
  replyToId: optional(isStoredId),
  attachmentIds: optional((value) => Array.isArray(value) && value.length === 0),
};

/**
 * The same as `toValid(SendMessageCommandDto, payload)`, at a hundredth of its price for what is good as it stands.
 * Everything else, bad or only unusual (an id in capitals, a field that is null), is left to the DTO's own rules.
 * @throws Problem as `toValid`
 */
export function checkSendCommand(payload: unknown): SendMessageCommandDto {
  return isGoodAsItStands(payload) ? payload : toValid(SendMessageCommandDto, payload);
}

function isGoodAsItStands(payload: unknown): payload is SendMessageCommandDto {
  if (typeof payload !== 'object' || payload === null) return false;
  if (Object.getPrototypeOf(payload) !== Object.prototype) return false;
  const fields = payload as Record<keyof Known, unknown>;
  for (const name of Object.keys(payload)) {
    if (!Object.hasOwn(FIELDS, name) || !FIELDS[name as keyof Known](fields[name as keyof Known]))
      return false;
  }
  return 'conversationId' in payload && 'body' in payload;
}
