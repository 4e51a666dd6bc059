import { Transform, type TransformFnParams } from 'class-transformer';
import { IsEmail, IsString, Matches, MaxLength } from 'class-validator';
import { Optional, IsText } from '../platform/validation/field-rules';
import type { OwnUserView } from '../users/users.dto';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './passwords';
import type { Session } from './session.entity';

const fold = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? value.toLowerCase() : value;

export class RegisterDto {
  @Transform(fold)
  @Matches(/^[a-z0-9._-]{3,32}$/, { message: 'must have 3 to 32 of a-z, 0-9, dot, underscore and hyphen' })
  username: string;

  @IsText(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;

  @Optional()
  @IsText(1, 64)
  displayName?: string;

  @Optional()
  @Transform(fold)
  @MaxLength(254)
  @IsEmail({}, { message: 'must be an e-mail address' })
  email?: string;
}

export class LoginDto {
  @Transform(fold)
  @IsText(1, 254)
  login: string;

  @IsText(1, MAX_PASSWORD_LENGTH)
  password: string;

  @Optional()
  @IsText(1, 100)
  deviceName?: string;
}

export class RefreshDto {
  @IsString({ message: 'must be a string' })
  @MaxLength(512)
  refreshToken: string;
}

export class ChangePasswordDto {
  @IsText(1, MAX_PASSWORD_LENGTH)
  currentPassword: string;

  @IsText(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  newPassword: string;
}

/** A signed-in device, as its owner sees it. */
export interface SessionView {
  id: string;
  deviceName: string | null;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  /** The session that asks. */
  current: boolean;
}

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

/** A new pair of tokens. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Seconds until the access token runs out. */
  expiresIn: number;
}

export interface SignedIn extends Tokens {
  user: OwnUserView;
  session: SessionView;
}
