import { fieldRule } from '../../platform/documents/field-schema';
import { isLonger, shownTextFault, textSchema } from '../../platform/validation/field-rules';
import { ownRule } from '../../platform/validation/own-rule';
import { invalidField } from '../../platform/problems/problem';
import type { RuleContext } from '../../platform/validation/request-validation.pipe';
import { MAX_MESSAGE_LENGTH } from './message-view';
import { MESSAGE_TOO_LONG } from './messages.problems';

const tooLong: RuleContext = { problem: MESSAGE_TOO_LONG };

/**
 * The body of a message: text of at most `MAX_MESSAGE_LENGTH` code points. A longer body gets the problem
 * `message-too-long`. Services check with `requireContent` that an empty body comes with attachments.
 */
export function IsMessageBody(): PropertyDecorator {
  return fieldRule(
    {
      ...textSchema(0, MAX_MESSAGE_LENGTH),
      description:
        'Stored byte for byte. A body of only white space and invisible characters is refused. An empty body needs attachments. A body that is too long is refused with `message-too-long`.',
      examples: ['Hello Ben!'],
    },
    ownRule(
      'isMessageText',
      (value) => value === '' || shownTextFault(value, Infinity) === undefined,
      (value) => shownTextFault(value, Infinity),
    ),
    ownRule(
      'isShortEnough',
      (value) => typeof value !== 'string' || !isLonger(value, MAX_MESSAGE_LENGTH),
      `is longer than a message may be: at most ${MAX_MESSAGE_LENGTH} characters`,
      { context: tooLong },
    ),
  );
}

/** @throws Problem `validation-failed` for a message with neither text nor attachments */
export function requireContent(body: string, attachments: number): void {
  if (body === '' && attachments === 0) throw invalidField('/body', 'must not be empty without attachments');
}
