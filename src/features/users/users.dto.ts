import { About } from '../../platform/documents/field-schema';
import { extended, id, nullable, page, record, text, time, type Of } from '../../platform/documents/schema';
import { IsPageSize, Optional, Removable } from '../../platform/validation/field-rules';
import { IsHttpsUrl, IsName, IsUsername, MAX_EMAIL_LENGTH } from '../../platform/validation/name-rules';
import type { User } from './user.entity';

const MAX_DISPLAY_NAME = 64;
const MAX_AVATAR_URL = 2_048;
const MAX_STATUS = 140;
const EXAMPLE_AVATAR = 'https://example.org/ada.png';

/** Fields that are absent keep their values; null removes an optional value. */
export class UpdateProfileDto {
  @About(undefined, 'Ada')
  @Optional()
  @IsName(MAX_DISPLAY_NAME)
  displayName?: string;

  @About('Null removes it.', EXAMPLE_AVATAR)
  @Removable()
  @IsHttpsUrl(MAX_AVATAR_URL)
  avatarUrl?: string | null;

  @About('Null removes it.', 'on holiday')
  @Removable()
  @IsName(MAX_STATUS)
  status?: string | null;
}

export class UserSearchDto {
  @About('The beginning of a username, in any case.')
  @IsUsername(1)
  query: string;

  @Optional()
  @About('`nextCursor` of the page before.')
  @IsUsername()
  cursor?: string;

  @Optional()
  @IsPageSize()
  limit?: number;
}

export const userSchema = record(
  'User',
  {
    id: id(),
    username: text({ pattern: '^[a-z0-9._-]{3,32}$' }, { example: 'ada' }),
    displayName: text({ minimum: 1, maximum: MAX_DISPLAY_NAME }, { example: 'Ada' }),
    avatarUrl: nullable(text({ maximum: MAX_AVATAR_URL, format: 'uri' }, { example: EXAMPLE_AVATAR })),
    status: nullable(text({ maximum: MAX_STATUS }, { example: 'on holiday' })),
    createdAt: time(),
  },
  'The public profile of a user.',
);
export type UserView = Of<typeof userSchema>;

export const ownUserSchema = extended(
  'OwnUser',
  userSchema,
  {
    email: nullable(text({ maximum: MAX_EMAIL_LENGTH, format: 'idn-email' }, { example: 'ada@example.org' })),
  },
  'The caller’s own profile.',
);
export type OwnUserView = Of<typeof ownUserSchema>;

export const userListSchema = page('UserList', userSchema);
export type UserList = Of<typeof userListSchema>;

export function userView(
  user: Omit<
    User,
    'passwordHash' | 'email' | 'isOperator' | 'isInternal' | 'erasedAt' | 'disabledAt' | 'updatedAt'
  >,
): UserView {
  return {
    id: user.id,
    username: user.username,
    displayName: user.displayName,
    avatarUrl: user.avatarUrl,
    status: user.status,
    createdAt: user.createdAt.toISOString(),
  };
}

export function ownUserView(user: User): OwnUserView {
  return { ...userView(user), email: user.email };
}
