import { availableParallelism } from 'node:os';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { Configuration } from '../../platform/configuration/configuration';
import { Metrics } from '../../platform/metrics/metrics';
import { Problem } from '../../platform/problems/problem';
import { normalizePassword } from '../../platform/validation/normal-forms';
import { OldPasswords } from './old-passwords';
import { Turns } from './turns';

export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;

/** OWASP Password Storage Cheat Sheet: argon2id (the package's default) with 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** libuv has four threads. At least one stays free for files and name look-ups. */
const THREADS_FOR_HASHING = 3;
/** The client name for hashing that no client asked for. */
const SERVER = 'server';

/**
 * Hashes and verifies passwords, one at a time for each processor, since each takes a whole one for about 50 ms.
 * Workers share the processors. Clients take turns; `client` is the network, or the signed-in person.
 */
@Injectable()
export class Passwords implements OnModuleInit {
  /** Verified in place of the hash of an unknown user, so that the answer takes the same time. */
  private decoy: string;
  private readonly turns: Turns;

  constructor(
    private readonly old: OldPasswords,
    configuration: Configuration,
    metrics: Metrics,
  ) {
    const processors = Math.ceil(availableParallelism() / configuration.workerCount);
    this.turns = new Turns(Math.min(processors, THREADS_FOR_HASHING), configuration);
    metrics.gauge(
      'xfchat_password_hashes_waiting',
      'Passwords that wait for hashing or verification',
      () => this.turns.waiting,
    );
  }

  async onModuleInit(): Promise<void> {
    this.decoy = await hash('no password hashes to this on purpose', ARGON2);
  }

  /** @throws Problem `rate-limited` when too much is waiting; nothing was hashed */
  async hash(password: string, client = SERVER): Promise<string> {
    return this.turns.run(client, () => hash(normalizePassword(password), ARGON2));
  }

  /**
   * A rejection takes the same time with any kind of hash, and without one.
   * @throws Problem `rate-limited` when too much is waiting; then nothing was verified
   */
  async matches(passwordHash: string | undefined, password: string, client = SERVER): Promise<boolean> {
    return this.turns.run(client, async () => {
      for (const spelling of spellingsOf(password))
        if (await this.matchesSpelling(passwordHash, spelling)) return true;
      return false;
    });
  }

  /**
   * Rehashes a password that has just matched an outdated hash.
   * @returns undefined when the hash is current, or when too much is waiting: the next sign-in does it
   */
  async replacement(passwordHash: string, password: string, client = SERVER): Promise<string | undefined> {
    try {
      return await this.turns.run(client, async () => {
        const normal = normalizePassword(password);
        const isCurrent =
          !this.old.isOld(passwordHash) &&
          (spellingsOf(password).length === 1 || (await this.matchesSpelling(passwordHash, normal)));
        return isCurrent ? undefined : await hash(normal, ARGON2);
      });
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  private async matchesSpelling(passwordHash: string | undefined, password: string): Promise<boolean> {
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
}

/**
 * The spellings to try, NFC first. Earlier releases hashed what the keyboard sent, composed or not, so the other two
 * forms are tried as well until `replacement` rehashes the password. Their number depends on the password alone, never
 * on the account.
 */
function spellingsOf(password: string): string[] {
  return [
    ...new Set([normalizePassword(password), password, password.normalize('NFC'), password.normalize('NFD')]),
  ];
}
