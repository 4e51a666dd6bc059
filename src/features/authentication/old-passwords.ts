import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { verify } from '@node-rs/bcrypt';
import { DataSource } from 'typeorm';

/**
 * bcrypt hashes that were imported from an earlier XFChat. Each is replaced at its owner's next sign-in. `Passwords`
 * bounds how many are verified at once.
 */
@Injectable()
export class OldPasswords {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  isOld(passwordHash: string): boolean {
    return passwordHash.startsWith('$2');
  }

  async matches(passwordHash: string, password: string): Promise<boolean> {
    return verify(password, passwordHash);
  }

  /**
   * Takes as long as verifying the costliest old hash that is left, and no time when none is left. So the time of a
   * rejection does not reveal whether the account exists.
   */
  async imitate(password: string): Promise<void> {
    // Served by `users_bcrypt_idx`, which is empty unless accounts were imported.
    const [row] = await this.dataSource.query<{ cost: string | null }[]>(
      `select max(substr(password_hash, 5, 2)) as cost from users where password_hash like '$2%'`,
    );
    const cost = row?.cost;
    if (cost) await verify(password, `$2b$${cost}$${'.'.repeat(53)}`);
  }
}
