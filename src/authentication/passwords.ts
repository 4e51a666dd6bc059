import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { dictionary } from '@zxcvbn-ts/language-common';
import { invalidField } from '../platform/problems/problem';

export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;

/** OWASP Password Storage Cheat Sheet: argon2id (the package's default) with 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

@Injectable()
export class Passwords implements OnModuleInit {
  private readonly common = new Set(
    dictionary['passwords-common'].filter((password) => password.length >= MIN_PASSWORD_LENGTH),
  );
  /** Verified in place of the hash of a user who does not exist, so that the answer takes the same time. */
  private decoy: string;

  async onModuleInit(): Promise<void> {
    this.decoy = await hash('no password hashes to this on purpose', ARGON2);
  }

  async hash(password: string): Promise<string> {
    return hash(password, ARGON2);
  }

  /** Takes the same time whether there is a hash or not. */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const matches = await verify(passwordHash ?? this.decoy, password).catch(() => false);
    return passwordHash !== undefined && matches;
  }

  /** @throws Problem `validation-failed` for one of the passwords that attackers try first */
  refuseCommon(password: string, pointer: string): void {
    if (this.common.has(password.toLowerCase())) {
      throw invalidField(pointer, 'is one of the most common passwords: choose another one');
    }
  }
}
