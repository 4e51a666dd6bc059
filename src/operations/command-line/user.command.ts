import type { EntityManager } from 'typeorm';
import {
  disableAccount,
  enableAccount,
  listAccounts,
  setOperator,
  type AccountView,
  type ByOperator,
} from '../../features/authentication/accounts.queries';
import { readEvents } from '../../features/authentication/authentication-log.queries';
import { inTransaction } from '../../platform/database/transaction';
import { foreign } from '../../platform/logging/foreign-text';
import { foldName } from '../../platform/validation/normal-forms';
import type { User } from '../../features/users/user.entity';
import { byOperator, namedAccount } from './named-account';
import { print } from './output';
import { serversActed } from './servers-know';
import { aligned } from './table';
import { eventLines, eventsAsJson } from './user-log-text';
import { sessionLines, sessionsOf } from './user-sessions.command';
import { withDataSource } from './with-data-source';

interface Options {
  json?: boolean;
}

const EVENTS_SHOWN = 10;

export async function userListCommand(
  options: Options & { operators?: true; disabled?: true; after?: string; limit: number },
): Promise<void> {
  await withDataSource(async ({ manager }) => {
    const accounts = await listAccounts(manager, {
      limit: options.limit + 1,
      after: options.after === undefined ? undefined : foldName(options.after),
      isOperator: options.operators,
      isDisabled: options.disabled,
    });
    const items = accounts.slice(0, options.limit);
    const next = accounts.length > options.limit ? (items.at(-1)?.username ?? null) : null;
    const rows = [['username', 'name', 'role', 'sessions', 'last used'], ...items.map(rowOf)];
    const lines = items.length > 0 ? aligned(rows, '') : ['no accounts'];
    if (next) lines.push(`more: --after ${next}`);
    print(options, lines.join('\n'), { items, next });
  });
}

export async function userShowCommand(name: string, options: Options): Promise<void> {
  await withDataSource(async ({ manager }) => {
    const { id } = await namedAccount(manager, name);
    const [account] = await listAccounts(manager, { id, limit: 1 });
    const sessions = await sessionsOf(manager, id);
    const events = await readEvents(manager, { userId: id, limit: EVENTS_SHOWN });
    const text = [
      ...aligned(factsOf(account!), ''),
      ...['', 'sessions', ...sessionLines(sessions)],
      ...['', 'last authentication events', ...eventLines(events)],
    ];
    print(options, text.join('\n'), { ...account, sessions, events: eventsAsJson(events) });
  });
}

export async function userGrantCommand(name: string, options: Options): Promise<void> {
  await change(name, options, async (manager, by, { username }) => {
    const changed = await setOperator(manager, by, true);
    return {
      text: `${username} ${changed ? 'is an operator now' : 'was an operator already'}`,
      data: { username, operator: true },
    };
  });
}

export async function userRevokeCommand(name: string, options: Options): Promise<void> {
  await change(name, options, async (manager, by, { username }) => {
    const changed = await setOperator(manager, by, false);
    return {
      text: `${username} ${changed ? 'is no longer an operator' : 'was not an operator'}`,
      data: { username, operator: false },
    };
  });
}

export async function userEnableCommand(name: string, options: Options): Promise<void> {
  await change(name, options, async (manager, by, { username }) => {
    const changed = await enableAccount(manager, by);
    return {
      text: `${username} ${changed ? 'can sign in again' : 'was not disabled'}`,
      data: { username, disabled: false },
    };
  });
}

/** Runs again for a disabled account: it ends sessions that an older server has opened meanwhile. */
export async function userDisableCommand(name: string, options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    const account = await namedAccount(dataSource.manager, name);
    const { username } = account;
    const changed = await inTransaction(dataSource, (manager) =>
      disableAccount(manager, byOperator(account)),
    );
    const { servers, unaware } = await serversActed(dataSource);
    const text = `${username} ${changed ? 'is disabled now' : 'was disabled already'}\nservers that have acted on it: ${servers - unaware} of ${servers}`;
    print(options, text, { username, disabled: true, servers, unaware });
    if (unaware > 0) process.exitCode = 1;
  });
}

async function change(
  name: string,
  options: Options,
  work: (manager: EntityManager, by: ByOperator, account: User) => Promise<{ text: string; data: object }>,
): Promise<void> {
  await withDataSource(async (dataSource) => {
    const account = await namedAccount(dataSource.manager, name);
    const { text, data } = await inTransaction(dataSource, (manager) =>
      work(manager, byOperator(account), account),
    );
    print(options, text, data);
  });
}

function rowOf(account: AccountView): string[] {
  const role = account.disabledAt ? 'disabled' : account.operator ? 'operator' : '';
  const { username, displayName, sessions, lastUsedAt } = account;
  return [foreign(username), foreign(displayName), role, String(sessions), lastUsedAt ?? 'never'];
}

function factsOf(account: AccountView): string[][] {
  return [
    ['id', account.id],
    ['username', foreign(account.username)],
    ['name', foreign(account.displayName)],
    ['e-mail', foreign(account.email ?? 'none')],
    ['operator', account.operator ? 'yes' : 'no'],
    ['disabled', account.disabledAt ? `since ${account.disabledAt}` : 'no'],
    ['made', account.createdAt],
  ];
}
