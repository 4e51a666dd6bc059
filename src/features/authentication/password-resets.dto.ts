import { About } from '../../platform/documents/field-schema';
import { IsOpaque, IsText } from '../../platform/validation/field-rules';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './passwords';

export class ResetPasswordDto {
  @About('The code at the end of the link.', 'xfp_AbCdEfGhIjKlMnOpQrStUvWxYz0')
  @IsOpaque('a string', 64)
  code: string;

  @About('Not one of the most common passwords, and not the username.', 'ada has another long password')
  @IsText(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  newPassword: string;
}
