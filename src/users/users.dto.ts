import { Transform, type TransformFnParams } from 'class-transformer';
import { IsUrl, Matches, MaxLength, ValidateIf } from 'class-validator';
import { IsQueryInteger, IsText, Optional } from '../platform/validation/field-rules';
import type { User } from './user.entity';

const fold = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? value.toLowerCase() : value;

const isGiven = (_input: object, value: unknown): boolean => value !== null && value !== undefined;

/** What is left out stays; null removes it, where there can be nothing. */
export class UpdateProfileDto {
  @Optional()
  @IsText(1, 64)
  displayName?: string;

  @ValidateIf(isGiven)
  @IsUrl({ protocols: ['https'], require_protocol: true }, { message: 'must be an https URL' })
  @MaxLength(2_048)
  avatarUrl?: string | null;

  @ValidateIf(isGiven)
  @IsText(1, 140)
  status?: string | null;
}

export class UserSearchDto {
  /** The beginning of a username. */
  @Transform(fold)
  @Matches(/^[a-z0-9._-]{1,32}$/, { message: 'must have 1 to 32 of a-z, 0-9, dot, underscore and hyphen' })
  query: string;

  @Optional()
  @Matches(/^[a-z0-9._-]{3,32}$/, { message: 'is not a cursor of this list' })
  cursor?: string;

  @Optional()
  @IsQueryInteger(1, 200)
  limit?: number;
}

export interface UserList {
  items: UserView[];
  nextCursor: string | null;
}

/** A user as everybody sees them. */
export interface UserView {
  id: string;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  status: string | null;
  createdAt: string;
}

/** A user as they see themselves. */
export interface OwnUserView extends UserView {
  email: string | null;
}

export function userView(
  user: Omit<User, 'passwordHash' | 'email' | 'isOperator' | 'isInternal' | 'updatedAt'>,
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
