import { randomUUID } from 'node:crypto';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const BLANK = [
  ' ',
  '\n\t',
  '\u00a0\u3000',
  '\u200b',
  '\u3164',
  '\u2800',
  '\u2060\ufeff',
  '\u202e',
  '\u{e0061}',
  '\ufe0f',
  '\u00ad',
];
const UNFIT = [
  ...BLANK,
  '\u0301',
  'Ada\u202eadA',
  'Ada\u200b',
  'A\nda',
  'A\u001bda',
  'A\u0085da',
  'A\u2028da',
  '\u3164Ada',
];

/** Texts that people show to each other must have visible characters. */
describe('visible text', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let group: string;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = [await signUp(server.url), await signUp(server.url)];
    group = await ada.group(ben);
  });
  afterAll(() => server.close());

  const refused = (pointer: string) => ({
    status: 400,
    body: { code: 'validation-failed', errors: [{ pointer }] },
  });

  describe.each<[what: string, pointer: string, set: (name: string) => Promise<Answer>]>([
    [
      'the display name of a new account',
      '/displayName',
      (displayName) =>
        call(server.url, 'POST', '/api/v1/auth/register', {
          body: { username: `x-${randomUUID().slice(0, 8)}`, password: PASSWORD, displayName },
        }),
    ],
    ['a display name', '/displayName', (displayName) => ada.call('PATCH', '/users/me', { displayName })],
    ['a status', '/status', (status) => ada.call('PATCH', '/users/me', { status })],
    [
      'the name of a device',
      '/deviceName',
      (deviceName) =>
        call(server.url, 'POST', '/api/v1/auth/login', {
          body: { login: ada.username, password: PASSWORD, deviceName },
        }),
    ],
    [
      'the title of a new group',
      '/title',
      (title) => ada.call('POST', '/conversations', { type: 'group', title, participantIds: [] }),
    ],
    ['a title', '/title', (title) => ada.call('PATCH', `/conversations/${group}`, { title })],
  ])('%s', (_what, pointer, set) => {
    it('is rejected when it is invisible, or changes how other text is displayed', async () => {
      for (const name of UNFIT) expect([name, await set(name)]).toMatchObject([name, refused(pointer)]);
    });

    it('is accepted in any script, and stored without the spaces around it', async () => {
      for (const name of ['  Ada Lovelace ', 'علی\u200cرضا', '👩🏽‍🚀', '山田'])
        expect((await set(name)).status).toBeLessThan(300);
    });
  });

  it('stores a name without the spaces around it', async () => {
    const { body } = await ada.call('PATCH', '/users/me', { displayName: ' Ada\u3000' });
    expect(body.displayName).toBe('Ada');
  });

  describe('a body', () => {
    const path = (rest = ''): string => `/conversations/${group}/messages${rest}`;

    it('is rejected if nothing of it is visible, over every transport, for a new message and for an edit', async () => {
      const stored = await ada.send(group, 'seen');
      const socket = await ada.connect();
      const braid = { headers: { version: '"v-next"', parents: `"${stored.version}"` } };
      const patch = {
        headers: {
          'content-type': 'application/json',
          'content-range': 'json .body',
          version: '"v-patch"',
          parents: `"${stored.version}"`,
        },
      };
      for (const body of BLANK) {
        const answers = [
          await ada.call('POST', path(), { body }),
          await ada.call('PUT', path(`/${randomUUID()}`), { body, parents: [] }),
          await ada.call('PUT', path(`/${stored.id}`), { body }),
          await ada.call('PUT', path(`/${stored.id}`), { body }, braid),
          await ada.call('PUT', path(`/${stored.id}`), undefined, { ...patch, text: JSON.stringify(body) }),
        ];
        for (const answer of answers) expect([body, answer]).toMatchObject([body, refused('/body')]);
        const messageId = stored.id as string;
        for (const [command, payload] of [
          ['message:send', { conversationId: group, body }],
          ['message:send', { conversationId: group.toUpperCase(), body }],
          ['message:edit', { conversationId: group, messageId, body }],
        ] as const)
          expect(await socket.command(command, payload)).toMatchObject({
            ok: false,
            problem: { code: 'validation-failed', errors: [{ pointer: '/body' }] },
          });
      }
      expect((await ada.call('GET', path())).body.items).toEqual([stored]);
      socket.close();
    });

    it('is kept byte for byte when a part of it is visible', async () => {
      for (const body of ['  a ', '\u200b.\u200b', '\n\u2022\n', '\u0301', '👩‍👩‍👧'])
        expect((await ada.send(group, body)).body).toBe(body);
    });

    it('stays unchanged if it was stored before the rule', async () => {
      const id = randomUUID();
      await server.dataSource.query(
        `with next as (update conversations set last_seq = last_seq + 1 where id = $2 returning last_seq)
         insert into chat_messages (id, conversation_id, seq, sender_id, body) select $1, $2, last_seq, $3, '  ' from next`,
        [id, group, ada.id],
      );
      expect((await ben.call('GET', path(`/${id}`))).body).toMatchObject({ id, body: '  ' });
    });
  });

  it('is required in the message of a friend request', async () => {
    for (const message of BLANK)
      expect(await ada.call('POST', '/friend-requests', { recipientId: ben.id, message })).toMatchObject(
        refused('/message'),
      );
  });

  it('null is rejected in every field that does not allow it', async () => {
    const added = await ada.call('PUT', `/conversations/${group}/participants/${ben.id}`, { role: null });
    expect(added).toMatchObject(refused('/role'));
    expect(
      await ada.call('POST', `/conversations/${group}/messages`, { body: 'x', type: null }),
    ).toMatchObject(refused('/type'));
    const socket = await ada.connect();
    expect(
      await socket.command('message:send', { conversationId: group, body: 'x', type: null }),
    ).toMatchObject({ ok: false, problem: { code: 'validation-failed' } });
    socket.close();
  });
});
