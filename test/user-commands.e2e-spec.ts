import { call } from './support/api';
import { PASSWORD, signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { commandOf } from './support/xfchat-command';

/** Runs `xfchat user` and `xfchat invitation` as processes beside a running server. */
describe('the commands for accounts', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { REGISTRATION: 'open' } });
  });
  afterAll(() => server.close());

  const run = (...words: string[]) =>
    commandOf({ DATABASE_URL: server.database.url, PUBLIC_URL: 'https://chat.example.org' }, ...words);
  const login = (username: string, password = PASSWORD) =>
    call(server.url, 'POST', '/api/v1/auth/login', { body: { login: username, password } });

  it('list and show users, and grant and revoke roles', async () => {
    const ada = await signUp(server.url, {
      displayName: 'Ada \u{1f600}',
      email: `${Date.now()}@example.org`,
    });
    const granted = await run('user', 'grant', ada.username.toUpperCase());
    expect(granted).toMatchObject({ status: 0, answer: { username: ada.username, operator: true } });
    const { answer: list } = await run('user', 'list', '--operators');
    expect(list).toMatchObject({ items: [{ id: ada.id, operator: true, sessions: 1 }], next: null });
    expect((await run('user', 'revoke', ada.username)).answer).toMatchObject({ operator: false });
    const { status, answer } = await run('user', 'show', ada.username);
    expect(status).toBe(0);
    expect(answer).toMatchObject({ id: ada.id, operator: false, sessions: [{ id: ada.sessionId }] });
    expect(answer.events.slice(0, 2)).toMatchObject([
      { kind: 'operator-revoked', actor: expect.stringMatching(/.@./) },
      { kind: 'operator-granted' },
    ]);
  }, 120_000);

  it('disable and enable an account; every socket is closed when the command ends', async () => {
    const ada = await signUp(server.url);
    const socket = await ada.connect();
    const disabled = await run('user', 'disable', ada.username);
    expect(disabled).toMatchObject({ status: 0, answer: { disabled: true, servers: 1, unaware: 0 } });
    expect(socket.payloads('session:revoked')).toEqual([{ reason: 'account-disabled' }]);
    expect((await login(ada.username)).body).toMatchObject({ code: 'account-disabled' });
    expect(await run('user', 'reset-password', ada.username)).toMatchObject({ status: 1, stdout: '' });
    expect((await run('user', 'enable', ada.username)).status).toBe(0);
    expect((await login(ada.username)).status).toBe(200);
  }, 120_000);

  it('print a link that resets a password, and end all sessions', async () => {
    const ada = await signUp(server.url);
    const { status, answer } = await run('user', 'reset-password', ada.username, '--expires', '30m');
    expect(status).toBe(0);
    expect(answer.link).toBe(`https://chat.example.org/reset-password#${answer.code}`);
    const reset = await call(server.url, 'POST', '/api/v1/auth/password-reset', {
      body: { code: answer.code, newPassword: 'a new long password' },
    });
    expect(reset.status).toBe(204);
    await login(ada.username, 'a new long password');
    expect((await run('user', 'sessions', ada.username)).answer.items).toHaveLength(1);
    expect((await run('user', 'end-sessions', ada.username)).answer).toMatchObject({ ended: 1, unaware: 0 });
    const { answer: log } = await run('user', 'log', ada.username, '--kind', 'password-reset');
    expect(log.items).toMatchObject([{ kind: 'password-reset', outcome: 'ok', username: ada.username }]);
    // Only the command that creates the code shows it.
    expect(JSON.stringify((await run('user', 'show', ada.username)).answer)).not.toContain(answer.code);
  }, 120_000);

  it('create, list and revoke invitations', async () => {
    const created = await run('invitation', 'create', '--uses', '2', '--expires', '1h', '--note', 'the team');
    const { id, code, link } = created.answer;
    expect(created.answer).toMatchObject({ maxUses: 2, uses: 0, state: 'open', note: 'the team' });
    expect(link).toBe(`https://chat.example.org/sign-up#${code}`);
    const listed = await run('invitation', 'list');
    expect(listed.answer.items).toMatchObject([{ id, state: 'open' }]);
    expect(listed.stdout).not.toContain(code);
    expect((await run('invitation', 'revoke', id)).answer).toMatchObject({ state: 'revoked' });
  }, 120_000);

  it.each([
    ['user', 'show', 'nobody-of-this-name'],
    ['user', 'log', '--kind', 'gossip'],
    ['user', 'list', '--limit', '0'],
    ['invitation', 'create', '--uses', '-1'],
    ['invitation', 'revoke', 'no-id'],
  ])(
    'fail with a non-zero exit code and a clear message: %s %s %s',
    async (...words) => {
      const { status, stdout, stderr } = await run(...words.filter(Boolean));
      expect(status).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/\w+/);
    },
    120_000,
  );
});
