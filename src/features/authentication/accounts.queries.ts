import { IsNull, type EntityManager } from 'typeorm';
import { foldName } from '../../platform/validation/normal-forms';
import { User } from '../users/user.entity';
import type { AuthenticationEventKind } from './authentication-event';
import { recordEvents } from './authentication-log.queries';
import { digestOf, newCode } from './secret-codes';
import { databaseNow } from '../../platform/database/database-clock';
import { endOtherSessions } from './sessions.queries';

/** The input of operator commands on accounts. Each command records itself in the authentication log. */
export interface ByOperator {
  readonly userId: string;
  /** The operator who ran the command. */
  readonly actor: string;
}

/** Finds the account of a username or e-mail address. Served by `users_username_key` and `users_email_key`. */
export async function findAccount(manager: EntityManager, login: string): Promise<User | null> {
  const name = foldName(login);
  return manager.findOneBy(User, {
    ...(name.includes('@') ? { email: name } : { username: name }),
    isInternal: false,
    erasedAt: IsNull(),
  });
}

/**
 * Locks the account, more strongly than `lockAccount`. Every transaction that names the person holds this row as well
 * (`holdPeople`, foreign keys). So a session that is being opened either exists before this lock and ends, or waits and
 * finds the changed account.
 */
async function lockAgainstEverything(manager: EntityManager, userId: string): Promise<void> {
  await manager.query(`select from users where id = $1 for update`, [userId]);
}

/**
 * Ends every session, and voids every link that resets the password. @returns whether the account was enabled before
 */
export async function disableAccount(manager: EntityManager, by: ByOperator): Promise<boolean> {
  await lockAgainstEverything(manager, by.userId);
  const [, changed] = await manager.query<[unknown, number]>(
    `update users set disabled_at = now() where id = $1 and disabled_at is null`,
    [by.userId],
  );
  await manager.query(`delete from password_resets where user_id = $1`, [by.userId]);
  await endOtherSessions(manager, by.userId, null);
  await record(manager, 'account-disabled', by, changed);
  return changed > 0;
}

/** @returns whether the account was disabled before */
export async function enableAccount(manager: EntityManager, by: ByOperator): Promise<boolean> {
  const [, changed] = await manager.query<[unknown, number]>(
    `update users set disabled_at = null where id = $1 and disabled_at is not null`,
    [by.userId],
  );
  await record(manager, 'account-enabled', by, changed);
  return changed > 0;
}

/** @returns whether it changed anything */
export async function setOperator(
  manager: EntityManager,
  by: ByOperator,
  isOperator: boolean,
): Promise<boolean> {
  const [, changed] = await manager.query<[unknown, number]>(
    `update users set is_operator = $2 where id = $1 and is_operator <> $2`,
    [by.userId, isOperator],
  );
  await record(manager, isOperator ? 'operator-granted' : 'operator-revoked', by, changed);
  return changed > 0;
}

/** @returns how many sessions ended */
export async function endAccountSessions(manager: EntityManager, by: ByOperator): Promise<number> {
  await lockAgainstEverything(manager, by.userId);
  const { length: ended } = await endOtherSessions(manager, by.userId, null);
  if (ended > 0)
    await recordEvents(manager, [
      { kind: 'session-ended', outcome: 'ok', ...by, detail: `${ended} sessions, by an operator` },
    ]);
  return ended;
}

/**
 * Makes a code that sets a new password once, and replaces an earlier code.
 * @returns undefined for a disabled account
 */
export async function createPasswordReset(
  manager: EntityManager,
  by: ByOperator,
  lifetimeMs: number,
): Promise<{ code: string; expiresAt: Date } | undefined> {
  await lockAgainstEverything(manager, by.userId);
  if (!(await manager.existsBy(User, { id: by.userId, disabledAt: IsNull(), erasedAt: IsNull() })))
    return undefined;
  const code = newCode('xfp_');
  const expiresAt = new Date((await databaseNow(manager)).getTime() + lifetimeMs);
  await manager.query(
    `insert into password_resets (user_id, code_digest, expires_at) values ($1, $2, $3)
     on conflict (user_id) do update
       set code_digest = excluded.code_digest, created_at = now(), expires_at = excluded.expires_at`,
    [by.userId, digestOf(code), expiresAt],
  );
  await record(manager, 'password-reset-created', by, 1);
  return { code, expiresAt };
}

async function record(
  manager: EntityManager,
  kind: AuthenticationEventKind,
  by: ByOperator,
  changed: number,
): Promise<void> {
  if (changed > 0) await recordEvents(manager, [{ kind, outcome: 'ok', ...by }]);
}

export interface AccountView {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly operator: boolean;
  readonly disabledAt: string | null;
  readonly createdAt: string;
  readonly sessions: number;
  readonly lastUsedAt: string | null;
}

type AccountRow = Omit<AccountView, 'disabledAt' | 'createdAt' | 'lastUsedAt'> & {
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

/**
 * Lists accounts by username, one or a page of all of them, with a summary of their live sessions. Served by
 * `users_username_key` and `sessions_user_idx`.
 */
export async function listAccounts(
  manager: EntityManager,
  filter: { id?: string; after?: string; limit: number; isOperator?: boolean; isDisabled?: boolean },
): Promise<AccountView[]> {
  const rows = await manager.query<AccountRow[]>(
    `with page as (
       select * from users u
       where u.erased_at is null and not u.is_internal and u.username > $1 and ($2::uuid is null or u.id = $2)
         and ($3::boolean is null or u.is_operator = $3)
         and ($4::boolean is null or (u.disabled_at is not null) = $4)
       order by u.username limit $5)
     select p.id, p.username, p.display_name as "displayName", p.email, p.is_operator as operator,
       p.disabled_at as "disabledAt", p.created_at as "createdAt",
       count(s.id)::integer as sessions, max(s.last_used_at) as "lastUsedAt"
     from page p left join sessions s on s.user_id = p.id and s.ended_at is null and s.expires_at > now()
     group by p.id, p.username, p.display_name, p.email, p.is_operator, p.disabled_at, p.created_at
     order by p.username`,
    [
      filter.after ?? '',
      filter.id ?? null,
      filter.isOperator ?? null,
      filter.isDisabled ?? null,
      filter.limit,
    ],
  );
  return rows.map(({ disabledAt, createdAt, lastUsedAt, ...rest }) => ({
    ...rest,
    disabledAt: disabledAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }));
}
