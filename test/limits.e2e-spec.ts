import { randomBytes } from 'node:crypto';
import { call } from './support/api';
import { PASSWORD, signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

/** Limits per user, group and message hold also when many requests arrive at once. */
describe('a limit', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer();
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  const run = (text: string, values: unknown[]) => server.dataSource.query(text, values);
  const statuses = async (work: Promise<{ status: number }>[]): Promise<number[]> =>
    (await Promise.all(work)).map(({ status }) => status).sort();
  const crowd = `insert into users (id, username, password_hash, display_name)
    select gen_random_uuid(), $2 || n, '-', '-' from generate_series(1, $3::int) n returning id`;

  it('holds for the participants of a group', async () => {
    const id = await ada.group();
    await run(
      `with crowd as (${crowd}) insert into conversation_participants (conversation_id, user_id, role)
       select $1::uuid, id, 'member' from crowd`,
      [id, 'group-', 997],
    );
    const others = await signUpAll(server.url, 4);
    const add = (other: Person) => ada.call('PUT', `/conversations/${id}/participants/${other.id}`, {});
    expect(await statuses(others.map(add))).toEqual([200, 200, 403, 403]);
    const participantIds = Array.from(
      { length: 1_000 },
      (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    );
    expect(
      await ada.call('POST', '/conversations', { type: 'group', title: 'g', participantIds }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/participantIds' }] },
    });
  });

  it('holds for the groups that a user owns', async () => {
    const ben = await signUp(server.url);
    await run(
      `with made as (insert into conversations (id, type, title) select gen_random_uuid(), 'group', 'g'
         from generate_series(1, 998) returning id)
       insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'owner' from made`,
      [ben.id],
    );
    const create = () =>
      ben.call('POST', '/conversations', { type: 'group', title: 'g', participantIds: [] });
    expect(await statuses([create(), create(), create(), create()])).toEqual([201, 201, 403, 403]);
    const of = await ada.group(ben);
    const handOver = await ada.call('PUT', `/conversations/${of}/participants/${ben.id}`, { role: 'owner' });
    expect(handOver).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  it('holds for the people whom a user blocks', async () => {
    const ben = await signUp(server.url);
    await run(
      `with crowd as (${crowd}) insert into blocks (blocker_id, blocked_id) select $1::uuid, id from crowd`,
      [ben.id, 'blocked-', 9_999],
    );
    const others = await signUpAll(server.url, 3);
    const block = (other: Person) => ben.call('PUT', `/users/me/blocks/${other.id}`);
    expect(await statuses(others.map(block))).toEqual([204, 403, 403]);
  });

  it('holds for the friends of a user', async () => {
    const ben = await signUp(server.url);
    await run(
      `with crowd as (${crowd}) insert into friendships (user_low_id, user_high_id)
       select least($1::uuid, id), greatest($1::uuid, id) from crowd`,
      [ben.id, 'friend-', 9_999],
    );
    const others = await signUpAll(server.url, 3);
    const requests = await Promise.all(
      others.map((other) => other.call('POST', '/friend-requests', { recipientId: ben.id })),
    );
    const accept = ({ body }: { body: { id: string } }) =>
      ben.call('POST', `/friend-requests/${body.id}/accept`);
    expect(await statuses(requests.map(accept))).toEqual([200, 403, 403]);
  });

  it('holds for the versions of a message, which can be deleted afterwards', async () => {
    const id = await ada.group();
    const sent = await ada.send(id, 'first');
    const path = `/conversations/${id}/messages/${sent.id}`;
    await ada.call('PUT', path, { body: 'second', version: 'v2' });
    await run(
      `insert into message_versions (message_id, number, version, parents, body)
       select $1, n, 'n' || n, '{}', 'x' from generate_series(3, 1000) n`,
      [sent.id],
    );
    expect(await ada.call('PUT', path, { body: 'third' })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect((await ada.call('PUT', path, { body: 'second', version: 'v2' })).status).toBe(200);
    expect((await ada.call('DELETE', path)).status).toBe(200);
  });

  it('lets one of many similar usernames register at once', async () => {
    const tail = randomBytes(6).toString('hex').replaceAll(/[01]/g, '2');
    const register = (username: string) =>
      call(server.url, 'POST', '/api/v1/auth/register', { body: { username, password: PASSWORD } });
    const alike = ['corn-0l', 'corn-o1', 'com-ol', 'com-01', 'CORN-OL'].map((name) => `${name}${tail}`);
    expect(await statuses(alike.map(register))).toEqual([201, 409, 409, 409, 409]);
    expect(await register(`com-0l${tail}`)).toMatchObject({ status: 409, body: { code: 'username-taken' } });
    expect((await register(`con-0l${tail}`)).status).toBe(201);
  });
});
