import { IsNull, Raw, type EntityManager } from 'typeorm';
import { createPasswordReset, endAccountSessions } from '../../features/authentication/accounts.queries';
import { Session } from '../../features/authentication/session.entity';
import { inTransaction } from '../../platform/database/transaction';
import { foreign } from '../../platform/logging/foreign-text';
import { byOperator, namedAccount } from './named-account';
import { print } from './output';
import { serversActed } from './servers-know';
import { aligned } from './table';
import { withDataSource } from './with-data-source';

interface Options {
  json?: boolean;
}

export interface ListedSession {
  readonly id: string;
  readonly deviceName: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

export async function userSessionsCommand(name: string, options: Options): Promise<void> {
  await withDataSource(async ({ manager }) => {
    const { id, username } = await namedAccount(manager, name);
    const items = await sessionsOf(manager, id);
    print(options, sessionLines(items).join('\n'), { username, items });
  });
}

export async function userEndSessionsCommand(name: string, options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    const account = await namedAccount(dataSource.manager, name);
    const ended = await inTransaction(dataSource, (manager) =>
      endAccountSessions(manager, byOperator(account)),
    );
    const { servers, unaware } = await serversActed(dataSource);
    const text = `${ended} sessions of ${account.username} have ended\nservers that have acted on it: ${servers - unaware} of ${servers}`;
    print(options, text, { username: account.username, ended, servers, unaware });
    if (unaware > 0) process.exitCode = 1;
  });
}

/** Prints a secret on purpose, as only `invitation create` does besides. */
export async function userResetPasswordCommand(
  name: string,
  options: Options & { expires: number },
): Promise<void> {
  await withDataSource(async (dataSource, configuration) => {
    const account = await namedAccount(dataSource.manager, name);
    const { username } = account;
    const reset = await inTransaction(dataSource, (manager) =>
      createPasswordReset(manager, byOperator(account), options.expires),
    );
    if (!reset) throw new Error(`${username} is disabled: enable the account first.`);
    const expiresAt = reset.expiresAt.toISOString();
    // After the "#": browsers do not send a fragment, so the code appears in no log and no Referer.
    const link = `${configuration.publicUrl}/reset-password#${reset.code}`;
    const text = `Give ${username} this link where nobody else can read it. It works once, until ${expiresAt}:\n${link}`;
    print(options, text, { username, link, code: reset.code, expiresAt });
  });
}

/** Live sessions, the last used first. Served by `sessions_user_idx`. */
export async function sessionsOf(manager: EntityManager, userId: string): Promise<ListedSession[]> {
  const sessions = await manager.find(Session, {
    where: { userId, endedAt: IsNull(), expiresAt: Raw((column) => `${column} > now()`) },
    order: { lastUsedAt: 'DESC', id: 'DESC' },
  });
  return sessions.map(({ id, deviceName, createdAt, lastUsedAt, expiresAt }) => ({
    ...{ id, deviceName },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  }));
}

export function sessionLines(sessions: readonly ListedSession[]): string[] {
  if (sessions.length === 0) return ['no live sessions'];
  return aligned(
    [
      ['id', 'last used', 'begun', 'device'],
      ...sessions.map((session) => [
        session.id,
        session.lastUsedAt,
        session.createdAt,
        foreign(session.deviceName ?? ''),
      ]),
    ],
    '',
  );
}
