import { About } from '../../platform/documents/field-schema';
import {
  extended,
  flag,
  id,
  integer,
  nullable,
  page,
  record,
  text,
  time,
  type Of,
} from '../../platform/documents/schema';
import { IsFoldedText, IsOpaque, IsText, Optional } from '../../platform/validation/field-rules';
import { IsEmailAddress, IsName, IsUsername } from '../../platform/validation/name-rules';
import { ownUserSchema } from '../users/users.dto';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './passwords';
import type { Session } from './session.entity';

const EXAMPLE_PASSWORD = 'ada has a long password';
const EXAMPLE_ACCESS_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzaWQiOiIwMTljIn0.c2lnbmF0dXJl';
const EXAMPLE_REFRESH_TOKEN = 'AZydHnpSfDufBB0uP0pbbAAAAAE.bm9uY2U.c2lnbmF0dXJl';

export class RegisterDto {
  @About('Case is folded.')
  @IsUsername()
  username: string;

  @About(
    'Not a common password, the username or the product’s name, with or without digits around it; not a common word with a year. Compared in NFC.',
    EXAMPLE_PASSWORD,
  )
  @IsText(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;

  @About('The username when absent.', 'Ada')
  @Optional()
  @IsName(64)
  displayName?: string;

  @Optional()
  @IsEmailAddress()
  email?: string;

  @About('The code of an invitation, where the server requires one.', 'xfi_AbCdEfGhIjKlMnOpQrStUvWxYz0')
  @Optional()
  @IsOpaque('a string', 64)
  invitation?: string;
}

export class LoginDto {
  @About('Username or e-mail address.', 'ada')
  @IsFoldedText(1, 254)
  login: string;

  @About(undefined, EXAMPLE_PASSWORD)
  @IsText(1, MAX_PASSWORD_LENGTH)
  password: string;

  @About('The name of the session in the list of devices.', 'laptop')
  @Optional()
  @IsName(100)
  deviceName?: string;
}

export class RefreshDto {
  @About(undefined, EXAMPLE_REFRESH_TOKEN)
  @IsOpaque('a string', 512)
  refreshToken: string;
}

export class ChangePasswordDto {
  @About(undefined, EXAMPLE_PASSWORD)
  @IsText(1, MAX_PASSWORD_LENGTH)
  currentPassword: string;

  @About('The rules are those of registration.', 'ada has another long password')
  @IsText(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  newPassword: string;
}

export const sessionSchema = record(
  'Session',
  {
    id: id(),
    deviceName: nullable(text({ maximum: 100 }, { example: 'laptop' })),
    createdAt: time(),
    lastUsedAt: time(),
    expiresAt: time('Every refresh extends it.'),
    current: flag('Whether it is the session of this request.'),
  },
  'A signed-in device, as its owner sees it.',
);
export type SessionView = Of<typeof sessionSchema>;

export const sessionListSchema = page('SessionList', sessionSchema);
export type SessionList = Of<typeof sessionListSchema>;

export function sessionView(session: Session, currentId: string): SessionView {
  return {
    id: session.id,
    deviceName: session.deviceName,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    current: session.id === currentId,
  };
}

export const tokensSchema = record('Tokens', {
  accessToken: text(
    { maximum: 4_096 },
    { description: 'For `Authorization: Bearer`.', example: EXAMPLE_ACCESS_TOKEN },
  ),
  refreshToken: text(
    { maximum: 512 },
    { description: 'For the next refresh.', example: EXAMPLE_REFRESH_TOKEN },
  ),
  expiresIn: integer(0, { description: 'Seconds until the access token expires.', example: 900 }),
});
/** A new pair of tokens. */
export type Tokens = Of<typeof tokensSchema>;

export const signedInSchema = extended('SignedIn', tokensSchema, {
  user: ownUserSchema,
  session: sessionSchema,
});
export type SignedIn = Of<typeof signedInSchema>;
