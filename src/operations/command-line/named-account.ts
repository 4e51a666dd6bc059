import { hostname, userInfo } from 'node:os';
import type { EntityManager } from 'typeorm';
import { findAccount, type ByOperator } from '../../features/authentication/accounts.queries';
import { foreign } from '../../platform/logging/foreign-text';
import type { User } from '../../features/users/user.entity';

/** @throws Error that names the missing account */
export async function namedAccount(manager: EntityManager, name: string): Promise<User> {
  const account = await findAccount(manager, name);
  if (!account) throw new Error(`There is no user "${foreign(name)}".`);
  return account;
}

/** An action of the operating system's user who runs this command. */
export function byOperator(account: User): ByOperator {
  return { userId: account.id, actor: `${operatingSystemUser()}@${hostname()}` };
}

/** In a container there may be no name for the number. */
function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
