import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import {
  createInvitation,
  listInvitations,
  revokeInvitation,
} from '../src/features/authentication/invitations.queries';
import { inTransaction } from '../src/platform/database/transaction';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const HOUR_MS = 3_600_000;

/** `REGISTRATION` and invitations decide who can create an account. */
describe('registration', () => {
  const servers: Partial<Record<'open' | 'invite' | 'closed', TestServer>> = {};
  let dataSource: DataSource;

  beforeAll(async () => {
    servers.open = await startTestServer();
    const { database } = servers.open;
    servers.invite = await startTestServer({ database, environment: { REGISTRATION: 'invite' } });
    servers.closed = await startTestServer({ database, environment: { REGISTRATION: 'closed' } });
    dataSource = servers.invite.dataSource;
  });
  afterAll(async () => {
    await servers.closed?.close();
    await servers.invite?.close();
    await servers.open?.close();
  });

  const someName = (): string => `n-${randomBytes(6).toString('hex')}`;
  const register = (policy: 'open' | 'invite' | 'closed', fields: object = {}): Promise<Answer> =>
    call(servers[policy]!.url, 'POST', '/api/v1/auth/register', {
      body: { username: someName(), password: PASSWORD, ...fields },
    });
  const invite = (maxUses = 1, lifetimeMs = HOUR_MS) =>
    inTransaction(dataSource, (manager) => createInvitation(manager, { maxUses, lifetimeMs, note: null }));
  const usesOf = async (id: string): Promise<number> =>
    (await listInvitations(dataSource.manager)).find((invitation) => invitation.id === id)!.uses;

  it.each(['open', 'invite', 'closed'] as const)('is shown to everybody as %s', async (policy) => {
    const answer = await call(servers[policy]!.url, 'GET', '/api/v1/auth/registration');
    expect(answer).toMatchObject({ status: 200, body: { policy } });
  });

  it('is rejected when closed, also with an invitation', async () => {
    const { code } = await invite();
    for (const fields of [{}, { invitation: code }])
      expect(await register('closed', fields)).toMatchObject({
        status: 403,
        body: { code: 'registration-closed' },
      });
  });

  it('by invitation succeeds exactly as many times as the invitation allows', async () => {
    const { code, invitation } = await invite(2);
    expect(await register('invite')).toMatchObject({ status: 403, body: { code: 'invitation-required' } });
    for (let use = 0; use < 2; use++)
      expect((await register('invite', { invitation: code })).status).toBe(201);
    expect(await register('invite', { invitation: code })).toMatchObject({
      status: 403,
      body: { code: 'invitation-invalid' },
    });
    expect(await usesOf(invitation.id)).toBe(2);
  });

  it('never exceeds the uses of an invitation when many people race for the last ones', async () => {
    const { code, invitation } = await invite(3);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => register('invite', { invitation: code })),
    );
    const outcomes = answers.map(({ body }) => body.code ?? 'ok').sort();
    expect(outcomes).toEqual([
      ...Array<string>(9).fill('invitation-invalid'),
      ...Array<string>(3).fill('ok'),
    ]);
    expect(await usesOf(invitation.id)).toBe(3);
  });

  it('returns the use of an invitation when the account is not created', async () => {
    const taken = await signUp(servers.open!.url);
    const { code, invitation } = await invite();
    expect(await register('invite', { invitation: code, username: taken.username })).toMatchObject({
      status: 409,
      body: { code: 'username-taken' },
    });
    expect(await usesOf(invitation.id)).toBe(0);
    expect((await register('invite', { invitation: code })).status).toBe(201);
  });

  it('rejects expired, revoked and unknown invitations with the same answer', async () => {
    const expired = await invite(1, 1);
    const revoked = await invite();
    await inTransaction(dataSource, (manager) => revokeInvitation(manager, revoked.invitation.id));
    for (const code of [expired.code, revoked.code, 'xfi_no-such-code', ''])
      expect(await register('invite', { invitation: code })).toMatchObject({
        status: 403,
        body: { code: 'invitation-invalid' },
      });
  });

  it.each([-24, 24])(
    'expires an invitation by the clock of the database, although the operator’s clock is %s h off',
    async (hours) => {
      const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + hours * HOUR_MS);
      const { invitation } = await invite().finally(() => clock.mockRestore());
      const [row] = await dataSource.query<object[]>(
        `select expires_at between now() + interval '50 minutes' and now() + interval '1 hour' as is_right
       from invitations where id = $1`,
        [invitation.id],
      );
      expect(row).toEqual({ is_right: true });
    },
  );

  it('does not reveal in a rejection whether a name or an address is taken', async () => {
    const email = `${someName()}@example.org`;
    const taken = await signUp(servers.open!.url, { email });
    for (const policy of ['invite', 'closed'] as const)
      for (const fields of [{}, { invitation: 'xfi_wrong' }]) {
        const known = await register(policy, { ...fields, username: taken.username, email });
        const unknown = await register(policy, fields);
        expect(known.status).toBe(403);
        expect({ ...known.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
      }
  });

  it('stores a digest of the code, and nothing that reveals the code', async () => {
    const { code } = await invite();
    const rows = await dataSource.query<object[]>('select * from invitations');
    expect(JSON.stringify(rows)).not.toContain(code.slice(4));
  });

  it('ignores an invitation that is not needed', async () => {
    const { code, invitation } = await invite();
    expect((await register('open', { invitation: code })).status).toBe(201);
    expect(await usesOf(invitation.id)).toBe(0);
  });
});
