import { createPasswordReset } from '../src/features/authentication/accounts.queries';
import { createInvitation } from '../src/features/authentication/invitations.queries';
import { inTransaction } from '../src/platform/database/transaction';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** Longer than any stored period: a stored time later than half of this came from the process. */
const AHEAD_MS = 20 * 365 * 86_400_000;
const RightDate = Date;

/** The clock of the process, twenty years ahead. */
class DateAhead extends RightDate {
  static override now(): number {
    return RightDate.now() + AHEAD_MS;
  }

  constructor(...given: [] | [number]) {
    super(...((given.length === 0 ? [DateAhead.now()] : given) as [number]));
  }
}

describe('a server whose own clock is wrong', () => {
  let server: TestServer;
  beforeAll(async () => {
    globalThis.Date = DateAhead as DateConstructor;
    server = await startTestServer();
  });
  afterAll(async () => {
    globalThis.Date = RightDate;
    await server.close();
  });

  /** The columns that hold a time of the process. */
  const wrongTimes = async (): Promise<string[]> => {
    const columns: { table: string; column: string }[] = await server.dataSource.query(
      `select table_name as "table", column_name as "column" from information_schema.columns
       where table_schema = 'public' and data_type = 'timestamp with time zone'`,
    );
    expect(columns.length).toBeGreaterThan(20);
    const wrong: string[] = [];
    for (const { table, column } of columns) {
      const [{ count }] = await server.dataSource.query(
        `select count(*)::int as count from "${table}"
         where isfinite("${column}") and "${column}" > now() + interval '10 years'`,
      );
      if (count > 0) wrong.push(`${table}.${column}`);
    }
    return wrong;
  };
  const done = async (answer: Promise<Answer>): Promise<Answer['body']> => {
    const { status, body } = await answer;
    expect({ body, isDone: status < 300 }).toEqual({ body, isDone: true });
    return body;
  };

  it('stores the times of the database’s clock', async () => {
    const people = await Promise.all([1, 2, 3, 4, 5].map(() => signUp(server.url)));
    const [ada, ben, cleo, dora, erin] = people as [Person, Person, Person, Person, Person];
    const group = await ada.group(ben, cleo);
    await ada.direct(dora);
    const { id } = await ada.send(group, 'first');
    await ben.send(group, 'second', { replyToId: id });
    await done(ada.call('PUT', `/conversations/${group}/messages/${id}`, { body: 'edited' }));
    await done(ada.call('DELETE', `/conversations/${group}/messages/${id}`));
    await done(ada.call('PATCH', `/conversations/${group}`, { title: 'another title' }));
    await done(ada.call('PUT', `/conversations/${group}/read`, { seq: 1 }));
    await done(ada.call('DELETE', `/conversations/${group}/participants/${cleo.id}`));
    await done(ada.call('PATCH', '/users/me', { displayName: 'Ada the second' }));
    const { id: accepted } = await done(ada.call('POST', '/friend-requests', { recipientId: ben.id }));
    await done(ben.call('POST', `/friend-requests/${accepted}/accept`));
    const { id: declined } = await done(ada.call('POST', '/friend-requests', { recipientId: cleo.id }));
    await done(cleo.call('POST', `/friend-requests/${declined}/decline`));
    await done(ada.call('PUT', `/users/me/blocks/${dora.id}`));
    await done(
      call(server.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: ben.refreshToken } }),
    );
    await done(
      cleo.call('PUT', '/auth/password', { currentPassword: PASSWORD, newPassword: 'chosen by herself' }),
    );
    await done(cleo.call('POST', '/auth/logout'));
    const { code } = (await inTransaction(server.dataSource, async (manager) => {
      await createInvitation(manager, { maxUses: 1, lifetimeMs: 60_000, note: null });
      return createPasswordReset(manager, { userId: erin.id, actor: 'an operator' }, 60_000);
    }))!;
    await done(
      call(server.url, 'POST', '/api/v1/auth/password-reset', {
        body: { code, newPassword: 'chosen again' },
      }),
    );
    await done(dora.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' }));
    await until('the entries of the authentication log', async () => {
      const [{ count }] = await server.dataSource.query(
        `select count(*)::int as count from authentication_events where kind = 'registration'`,
      );
      // The entries of the erased person are deleted with her.
      return count >= people.length - 1;
    });
    expect(await wrongTimes()).toEqual([]);
  });
});
