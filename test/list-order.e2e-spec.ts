import { isDeepStrictEqual } from 'node:util';
import { Client, type QueryConfig } from 'pg';
import { XFChatClient } from '../client/src/index';
import { storageOf } from './support/client-storage';
import { signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const AHEAD = ['3 days', '7973 years'];

/** Lists begin with the row that was stored last, even if a clock was wrong meanwhile. */
describe('a list', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    ada = await signUp(server.url);
  });

  const run = <Row>(text: string, values: unknown[] = []) => server.dataSource.query<Row[]>(text, values);
  /** Shifts the times of these rows, as if they had been stored while the clock was wrong. */
  const shift = async (
    table: string,
    columns: string[],
    where: string,
    id: string,
    by: string,
  ): Promise<void> => {
    const set = columns.map((column) => `${column} = ${column} + $2::interval`).join(', ');
    await run(`update ${table} set ${set} where ${where} = $1`, [id, by]);
  };
  const clock = async (by: string): Promise<void> => {
    await run(
      `select setval('list_positions', (extract(epoch from now() + $1::interval) * 1000000)::bigint)`,
      [by],
    );
  };
  /** Reads the list page by page, so that the cursors are tested too. */
  async function all(person: Person, path: string): Promise<{ id: string; title: string }[]> {
    const items: { id: string; title: string }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await person.call(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}limit=2&cursor=${cursor}`,
      );
      items.push(...body.items);
      cursor = body.nextCursor;
    }
    return items;
  }
  const group = async (title: string): Promise<string> =>
    (await ada.call('POST', '/conversations', { type: 'group', title, participantIds: [] })).body.id;
  const titles = async (): Promise<string[]> => (await all(ada, '/conversations')).map(({ title }) => title);

  it.each([...AHEAD, '-3 days'])(
    'shows the conversation with the latest message first after a clock was wrong by %s',
    async (by) => {
      const [hit, other, third] = [await group('hit'), await group('other'), await group('third')];
      await ada.send(hit, 'while the clock was wrong');
      await shift('conversations', ['active_at', 'created_at'], 'id', hit, by);
      await shift('chat_messages', ['created_at'], 'conversation_id', hit, by);
      expect(await titles()).toEqual(['hit', 'third', 'other']);
      await ada.send(other, 'later');
      expect(await titles()).toEqual(['other', 'hit', 'third']);
      await ada.send(third, 'latest');
      await group('new');
      expect(await titles()).toEqual(['new', 'third', 'other', 'hit']);
      await ada.send(hit, 'again');
      expect(await titles()).toEqual(['hit', 'new', 'third', 'other']);
    },
  );

  it('has the same order of conversations in the client library', async () => {
    const [hit, other, third] = [await group('hit'), await group('other'), await group('third')];
    await ada.send(hit, 'while the clock was ahead');
    await shift('conversations', ['active_at', 'created_at'], 'id', hit, '3 days');
    await shift('chat_messages', ['created_at'], 'conversation_id', hit, '3 days');
    await ada.send(other, 'later');
    const client = new XFChatClient({ url: server.url, storage: await storageOf(ada) });
    const shows = (...expected: string[]) =>
      until(`the list to be ${expected.join(', ')}`, () =>
        isDeepStrictEqual(
          client.conversations.map(({ title }) => title),
          expected,
        ),
      );
    try {
      await client.resume();
      await shows('other', 'hit', 'third');
      await ada.send(third, 'latest');
      await shows('third', 'other', 'hit');
      await group('new');
      await shows('new', 'third', 'other', 'hit');
      await ada.send(hit, 'again');
      await shows('hit', 'new', 'third', 'other');
    } finally {
      await client.stop();
    }
  });

  it('keeps the order of conversations when the clock of the database goes back', async () => {
    const [one, two] = [await group('one'), await group('two')];
    await clock('3 days');
    await ada.send(one, 'while the clock was ahead');
    await ada.send(two, 'the clock is right again');
    expect(await titles()).toEqual(['two', 'one']);
    await ada.send(one, 'later');
    expect(await titles()).toEqual(['one', 'two']);
    await run(`select setval('list_positions', 1)`);
  });

  it('orders conversations of an earlier release, or imported ones, by their last activity', async () => {
    const ids = new Map<string, string>();
    for (const title of ['never', 'yesterday', 'last year', 'today']) ids.set(title, await group(title));
    const place = (title: string, active: string, created: string) =>
      run(
        `update conversations set list_position = null, active_at = now() + $2::interval, created_at = now() + $3::interval
         where id = $1`,
        [ids.get(title), active, created],
      );
    await place('yesterday', '-1 day', '-3 years');
    await place('last year', '7973 years', '-1 year');
    await place('never', '7973 years', '7972 years');
    expect(await titles()).toEqual(['today', 'yesterday', 'last year', 'never']);
    await ada.send(ids.get('never')!, 'now');
    expect(await titles()).toEqual(['never', 'today', 'yesterday', 'last year']);
  });

  it.each(AHEAD)(
    'shows the newest friends, blocks and requests first after a clock was ahead by %s',
    async (by) => {
      const people = await signUpAll(server.url, 4);
      const usernames = (items: object[], key?: 'recipient'): string[] =>
        items.map((item) => (key ? (item as { recipient: Person })[key] : (item as Person)).username);
      const newestFirst = people.map(({ username }) => username).reverse();
      const requests: string[] = [];
      for (const [index, person] of people.entries()) {
        requests.push((await ada.call('POST', '/friend-requests', { recipientId: person.id })).body.id);
        if (index === 0) await shift('friend_requests', ['created_at'], 'id', requests[0]!, by);
      }
      for (const query of ['direction=outgoing', 'status=pending'])
        expect(usernames(await all(ada, `/friend-requests?${query}`), 'recipient')).toEqual(newestFirst);
      for (const [index, person] of people.entries()) {
        await person.call('POST', `/friend-requests/${requests[index]}/accept`);
        if (index === 0)
          await run(
            `update friendships set created_at = created_at + $2::interval where $1 in (user_low_id, user_high_id)`,
            [ada.id, by],
          );
      }
      expect(usernames(await all(ada, '/friends'))).toEqual(newestFirst);
      for (const [index, person] of people.entries()) {
        await ada.call('PUT', `/users/me/blocks/${person.id}`);
        if (index === 0) await shift('blocks', ['created_at'], 'blocker_id', ada.id, by);
      }
      expect(usernames(await all(ada, '/users/me/blocks'))).toEqual(newestFirst);
    },
  );

  it('rejects a cursor of an earlier release, which contained a time', async () => {
    const old = Buffer.from(`1764000000000.${ada.id}`).toString('base64url');
    for (const path of ['/conversations', '/friends', '/friend-requests', '/users/me/blocks'])
      expect(await ada.call('GET', `${path}?cursor=${old}`)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed', errors: [{ pointer: '/query/cursor' }] },
      });
  });

  it('is ordered by the clock of the database', async () => {
    const ben = await signUp(server.url);
    const id = await ada.group(ben);
    const spy = jest.spyOn(Client.prototype, 'query');
    try {
      await ada.call('PATCH', `/conversations/${id}`, { title: 'renamed' });
      await ada.call('DELETE', `/conversations/${id}/participants/${ben.id}`);
      await ada.call('PUT', `/conversations/${id}/participants/${ben.id}`, {});
      await ada.call('DELETE', `/conversations/${id}/participants/${ben.id}`);
      await ada.call('PATCH', '/users/me', { status: 'x' });
      const request = (await ada.call('POST', '/friend-requests', { recipientId: ben.id })).body;
      await ben.call('POST', `/friend-requests/${request.id}/decline`);
      await ada.call('DELETE', `/conversations/${id}`);
      const statements = spy.mock.calls.map(([config]) => config as unknown as QueryConfig);
      const writes = statements.filter(({ text }) => /^\s*(insert|update|delete|with)/i.test(text));
      expect(writes.length).toBeGreaterThan(10);
      const ofProgram = writes.filter(({ values }) =>
        (values ?? []).some((value: unknown) => value instanceof Date),
      );
      expect(ofProgram.map(({ text }) => text)).toEqual([]);
    } finally {
      spy.mockRestore();
    }
  });
});
