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

/** Names the operating system's user who runs this command as the actor. */
export function byOperator(account: User): ByOperator {
  return { userId: account.id, actor: `${operatingSystemUser()}@${hostname()}` };
}

/** Falls back, because a container may have no name for the user's number. */
function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
