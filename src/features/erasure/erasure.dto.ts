import type { MessagesAfterErasure } from './erase-person.queries';
import { About } from '../../platform/documents/field-schema';
import { IsOneOf, IsText } from '../../platform/validation/field-rules';
import { MAX_PASSWORD_LENGTH } from '../authentication/passwords';

const MESSAGES = ['keep', 'remove'] as const satisfies MessagesAfterErasure[];

export class EraseAccountDto {
  @About(undefined, 'ada has a long password')
  @IsText(1, MAX_PASSWORD_LENGTH)
  password: string;

  @About('`keep`: messages stay, without a sender. `remove`: they become tombstones.')
  @IsOneOf(MESSAGES)
  messages: MessagesAfterErasure;
}
