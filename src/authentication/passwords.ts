import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { dictionary } from '@zxcvbn-ts/language-common';
import { invalidField } from '../platform/problems/problem';
import { OldPasswords } from './old-passwords';

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

  constructor(private readonly old: OldPasswords) {}

  async onModuleInit(): Promise<void> {
    this.decoy = await hash('no password hashes to this on purpose', ARGON2);
  }

  async hash(password: string): Promise<string> {
    return hash(password, ARGON2);
  }

  /**
   * A refusal takes the same time whether there is a hash or not, and whatever kind of hash it is.
   * @throws Problem `rate-limited`, see `OldPasswords`
   */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    if (passwordHash !== undefined && this.old.isOld(passwordHash)) {
      if (await this.old.matches(passwordHash, password)) return true;
      await verify(this.decoy, password);
      return false;
    }
    const isHash = passwordHash?.startsWith('$argon2') ?? false;
    const matches = await verify(isHash ? passwordHash! : this.decoy, password).catch(() => false);
    if (isHash && matches) return true;
    await this.old.imitate(password);
    return false;
  }

  /** What a password that has just matched is to be stored as from now on; nothing when it is fine as it is. */
  async replacement(passwordHash: string, password: string): Promise<string | undefined> {
    return this.old.isOld(passwordHash) ? this.hash(password) : undefined;
  }

  /** @throws Problem `validation-failed` for one of the passwords that attackers try first */
  refuseCommon(password: string, pointer: string): void {
    if (this.common.has(password.toLowerCase())) {
      throw invalidField(pointer, 'is one of the most common passwords: choose another one');
    }
  }
}
