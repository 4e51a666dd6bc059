import { hash } from '@node-rs/argon2';
import { hashSync } from '@node-rs/bcrypt';
import type { Client } from 'pg';
import { Maintenance } from '../src/platform/database/maintenance';
import { call, type Answer } from './support/api';
import { withClient } from './support/databases';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const ANOTHER = 'another long password';

describe('a check that was made before a wait', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const login = (login: string, password: string): Promise<Answer> =>
    call(server.url, 'POST', '/api/v1/auth/login', { body: { login, password } });

  /** The number of the server's statements that wait for a lock. */
  const waiting = async (): Promise<number> => {
    const [row] = await server.dataSource.query<[{ count: string }]>(
      `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return Number(row.count);
  };

  /** Locks the user's row, and commits the changes of `meanwhile` once `count` of the requests wait for it. */
  async function whileHeld<T>(
    person: Person,
    count: number,
    request: () => Promise<T>,
    meanwhile: (client: Client) => Promise<unknown>,
  ): Promise<T> {
    return withClient(server.database.url, async (client) => {
      await client.query('begin');
      await client.query('select from users where id = $1 for update', [person.id]);
      const answer = request();
      await until('the requests to wait', async () => (await waiting()) >= count);
      await meanwhile(client);
      await client.query('commit');
      return answer;
    });
  }

  const liveSessions = async (person: Person): Promise<string[]> => {
    const rows = await server.dataSource.query<{ id: string }[]>(
      `select id from sessions where user_id = $1 and ended_at is null`,
      [person.id],
    );
    return rows.map(({ id }) => id);
  };
  const isPassword = async (person: Person, password: string): Promise<boolean> =>
    (await login(person.username, password)).status === 200;

  // Tests G19.
  it('rejects a sign-in whose password was changed after it was verified', async () => {
    const ada = await signUp(server.url);
    const changed = await hash(ANOTHER);
    const answer = await whileHeld(
      ada,
      1,
      () => login(ada.username, PASSWORD),
      (client) => client.query('update users set password_hash = $2 where id = $1', [ada.id, changed]),
    );
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
    expect(await liveSessions(ada)).toEqual([ada.sessionId]);
  });

  it('rejects a sign-in of a user who was erased after the password was verified', async () => {
    const ada = await signUp(server.url);
    const answer = await whileHeld(
      ada,
      1,
      () => login(ada.username, PASSWORD),
      (client) => client.query('update users set erased_at = now() where id = $1', [ada.id]),
    );
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
  });

  it('leaves no session of the old password, whenever the sign-in began', async () => {
    for (let round = 0; round < 8; round++) {
      const ada = await signUp(server.url);
      const signIns = Array.from({ length: 4 }, () => login(ada.username, PASSWORD));
      const change = await ada.call('PUT', '/auth/password', {
        currentPassword: PASSWORD,
        newPassword: ANOTHER,
      });
      expect(change.status).toBe(204);
      for (const { status, body } of await Promise.all(signIns)) {
        if (status !== 200) continue;
        expect(await call(server.url, 'GET', '/api/v1/users/me', { token: body.accessToken })).toMatchObject({
          status: 401,
          body: { code: 'session-revoked' },
        });
      }
      expect(await liveSessions(ada)).toEqual([ada.sessionId]);
    }
  });

  it('lets two sign-ins succeed that both rehash an old password', async () => {
    const ada = await signUp(server.url);
    await server.dataSource.query('update users set password_hash = $2 where id = $1', [
      ada.id,
      hashSync(PASSWORD, 4),
    ]);
    const answers = await whileHeld(
      ada,
      2,
      () => Promise.all([login(ada.username, PASSWORD), login(ada.username, PASSWORD)]),
      async () => undefined,
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  const endSessionOf =
    (person: Person) =>
    (client: Client): Promise<unknown> =>
      client.query('update sessions set ended_at = now() where id = $1', [person.sessionId]);

  it('rejects a change of the password by a session that has ended meanwhile', async () => {
    const ada = await signUp(server.url);
    const body = { currentPassword: PASSWORD, newPassword: ANOTHER };
    const answer = await whileHeld(ada, 1, () => ada.call('PUT', '/auth/password', body), endSessionOf(ada));
    expect(answer).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
    expect(await isPassword(ada, PASSWORD)).toBe(true);
  });

  it('rejects an erasure by a session that has ended meanwhile', async () => {
    const ada = await signUp(server.url);
    const body = { password: PASSWORD, messages: 'keep' };
    const answer = await whileHeld(ada, 1, () => ada.call('DELETE', '/users/me', body), endSessionOf(ada));
    expect(answer).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
    expect(await isPassword(ada, PASSWORD)).toBe(true);
  });

  it('rejects a refresh of a session that has ended meanwhile', async () => {
    const ada = await signUp(server.url);
    const answer = await whileHeld(
      ada,
      1,
      () => call(server.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: ada.refreshToken } }),
      endSessionOf(ada),
    );
    expect(answer).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
  });

  it('rejects a refresh of a user who was erased while it waited', async () => {
    const ada = await signUp(server.url);
    const answer = await whileHeld(
      ada,
      1,
      () => call(server.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: ada.refreshToken } }),
      (client) => client.query('update users set erased_at = now() where id = $1', [ada.id]),
    );
    expect(answer).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
  });

  const disable =
    (person: Person) =>
    (client: Client): Promise<unknown> =>
      client.query('update users set disabled_at = now() where id = $1', [person.id]);

  it('rejects a sign-in of a user who was disabled after the password was verified', async () => {
    const ada = await signUp(server.url);
    const answer = await whileHeld(ada, 1, () => login(ada.username, PASSWORD), disable(ada));
    expect(answer).toMatchObject({ status: 403, body: { code: 'account-disabled' } });
    expect(await liveSessions(ada)).toEqual([ada.sessionId]);
  });

  // Their sessions stay alive on purpose: the state of the account alone must stop them.
  it.each<[string, (ada: Person) => Promise<Answer>]>([
    [
      'a refresh',
      (ada) => call(ada.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: ada.refreshToken } }),
    ],
    [
      'a change of the password',
      (ada) => ada.call('PUT', '/auth/password', { currentPassword: PASSWORD, newPassword: ANOTHER }),
    ],
    ['an erasure', (ada) => ada.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' })],
  ])('rejects %s of a user who was disabled while it waited', async (_name, request) => {
    const ada = await signUp(server.url);
    const answer = await whileHeld(ada, 1, () => request(ada), disable(ada));
    expect(answer).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
  });

  it('rejects a password reset when the account was disabled while it waited', async () => {
    const ada = await signUp(server.url);
    const code = 'xfp_of-a-test';
    await server.dataSource.query(
      `insert into password_resets (user_id, code_digest, expires_at)
       values ($1, encode(sha256($2), 'hex'), now() + interval '1 hour')`,
      [ada.id, Buffer.from(code)],
    );
    const answer = await whileHeld(
      ada,
      1,
      () => call(server.url, 'POST', '/api/v1/auth/password-reset', { body: { code, newPassword: ANOTHER } }),
      disable(ada),
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'password-reset-invalid' } });
  });

  // Tests G27.
  it('rolls back a write that waited while maintenance began', async () => {
    const ada = await signUp(server.url);
    const isOn = jest.spyOn(Maintenance.prototype, 'isOn', 'get');
    try {
      const answer = await whileHeld(
        ada,
        1,
        () => ada.call('PATCH', '/users/me', { status: 'written too late' }),
        async () => void isOn.mockReturnValue(true),
      );
      expect(answer).toMatchObject({ status: 503, body: { code: 'maintenance' } });
    } finally {
      jest.restoreAllMocks();
    }
    expect((await ada.call('GET', '/users/me')).body.status).toBeNull();
  });

  describe('the sessions of a user', () => {
    /** Sessions that were used an hour ago, one second apart. */
    const addSessions = (person: Person, count: number): Promise<unknown> =>
      server.dataSource.query(
        `insert into sessions (id, user_id, issued_nonce, expires_at, last_used_at)
         select gen_random_uuid(), $1, 'x', now() + interval '30 days', now() - interval '1 hour' - n * interval '1 second'
         from generate_series(1, $2) as n`,
        [person.id, count],
      );

    it('are limited to fifty: the least recently used one ends, and its sockets are notified', async () => {
      const ada = await signUp(server.url);
      const socket = await ada.connect();
      await addSessions(ada, 49);
      await server.dataSource.query(
        `update sessions set last_used_at = now() - interval '2 days' where id = $1`,
        [ada.sessionId],
      );
      const answers = await Promise.all(Array.from({ length: 4 }, () => login(ada.username, PASSWORD)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(await socket.next('session:revoked')).toEqual({ reason: 'too-many-sessions' });
      await socket.disconnected();
      const live = await liveSessions(ada);
      expect(live).toHaveLength(50);
      expect(live).toEqual(expect.arrayContaining(answers.map(({ body }) => body.session.id)));
      expect(await ada.call('GET', '/users/me')).toMatchObject({ body: { code: 'session-revoked' } });
    });

    it('leave a limited number of rows however often the user signs in and out', async () => {
      const ada = await signUp(server.url);
      await addSessions(ada, 300);
      await server.dataSource.query(
        `update sessions set ended_at = last_used_at where user_id = $1 and id <> $2`,
        [ada.id, ada.sessionId],
      );
      await ada.signInAgain();
      const [{ count }] = await server.dataSource.query<[{ count: string }]>(
        `select count(*) from sessions where user_id = $1`,
        [ada.id],
      );
      expect(Number(count)).toBe(52);
    });

    it('all end when the password is changed, even sixty thousand of them', async () => {
      const ada = await signUp(server.url);
      await addSessions(ada, 60_000);
      const other = await ada.connect();
      const answer = await ada.call('PUT', '/auth/password', {
        currentPassword: PASSWORD,
        newPassword: ANOTHER,
      });
      expect(answer.status).toBe(204);
      expect(await liveSessions(ada)).toEqual([ada.sessionId]);
      expect(other.socket.connected).toBe(true);
      other.close();
    }, 60_000);
  });
});
