import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { verify } from '@node-rs/bcrypt';
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { DataSource } from 'typeorm';
import { Problem } from '../platform/problems/problem';

/** A quarter of a second of a processor each, at the usual cost of 12: two at once leave room for everything else. */
const AT_ONCE = 2;
/** What waits longer than this would be answered too late. */
const WAITING = 30;
const RETRY_SECONDS = 3;

/** bcrypt hashes that came over from an earlier XFChat. Each is replaced at the next sign-in of its owner. */
@Injectable()
export class OldPasswords {
  private readonly room = bulkhead(AT_ONCE, WAITING);

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  isOld(passwordHash: string): boolean {
    return passwordHash.startsWith('$2');
  }

  /** @throws Problem `rate-limited` when too many are being verified */
  async matches(passwordHash: string, password: string): Promise<boolean> {
    return this.bounded(() => verify(password, passwordHash));
  }

  /**
   * Takes as long as verifying the costliest hash that is left, and no time when none is left: what is refused must not
   * tell by its time whether there is an account. @throws Problem `rate-limited`
   */
  async imitate(password: string): Promise<void> {
    // Served by `users_bcrypt_idx`, which is empty where nothing was imported.
    const [row] = await this.dataSource.query<{ cost: string | null }[]>(
      `select max(substr(password_hash, 5, 2)) as cost from users where password_hash like '$2%'`,
    );
    const cost = row?.cost;
    if (!cost) return;
    await this.bounded(() => verify(password, `$2b$${cost}$${'.'.repeat(53)}`));
  }

  private async bounded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.room.execute(work);
    } catch (error) {
      if (error instanceof BulkheadRejectedError)
        throw new Problem('rate-limited', { retryAfter: RETRY_SECONDS }, { cause: error });
      throw error;
    }
  }
}
