import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const HEART = '\u2764\uFE0F';
const EMOJI = [
  ...'😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚😙🥲😋😛😜🤪😝🤑🤗🤭🫢🫣🤫🤔🫡🤐🤨😐😑😶🫥😏😒🙄😬🤥😌😔😪🤤😴',
];

describe('reactions', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let outsider: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, cleo, outsider] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
  });
  afterAll(() => server.close());

  const pathOf = (message: Placed, emoji: string): string =>
    `/conversations/${message.conversationId}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`;
  const react = (person: Person, message: Placed, emoji: string): Promise<Answer> =>
    person.call('PUT', pathOf(message, emoji));
  const unreact = (person: Person, message: Placed, emoji: string): Promise<Answer> =>
    person.call('DELETE', pathOf(message, emoji));
  interface Placed {
    readonly id: string;
    readonly conversationId: string;
  }
  const messagePath = ({ conversationId, id }: Placed): string =>
    `/conversations/${conversationId}/messages/${id}`;

  // Tests G4, G5.
  it('are broadcast as stored, in the order of their arrival, over either transport', async () => {
    const group = await ada.group(ben, cleo);
    const message = await ada.send(group, 'hello');
    const socket = await cleo.connect();
    const first = await react(ben, message, '👍');
    expect(first).toMatchObject({
      status: 200,
      body: { id: message.id, rev: 1, reactions: [{ emoji: '👍', count: 1, userIds: [ben.id] }] },
    });
    const second = await socket.ok('message:react', {
      conversationId: group,
      messageId: message.id,
      emoji: HEART,
    });
    const third = (await react(ada, message, '👍')).body;
    expect(third).toMatchObject({
      rev: 3,
      reactions: [
        { emoji: '👍', count: 2, userIds: [ben.id, ada.id] },
        { emoji: HEART, count: 1, userIds: [cleo.id] },
      ],
    });
    for (const told of [first.body, second, third])
      expect(await socket.next('message:updated', ({ rev }) => rev === told.rev)).toEqual(told);
    const fourth = (await unreact(ben, message, '👍')).body;
    expect(fourth.reactions).toEqual([
      { emoji: HEART, count: 1, userIds: [cleo.id] },
      { emoji: '👍', count: 1, userIds: [ada.id] },
    ]);
    const last = await socket.ok('message:unreact', {
      conversationId: group,
      messageId: message.id,
      emoji: HEART,
    });
    expect(last).toMatchObject({ rev: 5, reactions: [{ emoji: '👍', count: 1, userIds: [ada.id] }] });
    for (const told of [fourth, last])
      expect(await socket.next('message:updated', ({ rev }) => rev === told.rev)).toEqual(told);

    const { body: page } = await ben.call('GET', `/conversations/${group}/messages`);
    expect(page).toMatchObject({ items: [last], head: { seq: 1, rev: 5 } });
    expect((await ben.call('GET', messagePath(message))).body).toEqual(last);
    const { body: changes } = await ben.call('GET', `/conversations/${group}/changes?seq=1&rev=2`);
    expect(changes).toMatchObject({ messages: [last], cursor: { seq: 1, rev: 5 }, complete: true });
    const { body: all } = await ben.call('GET', `/conversations/${group}/changes`);
    expect(all).toMatchObject({ messages: [last], conversation: { id: group, lastMessage: last } });
    const cursors = [{ conversationId: group, seq: 1, rev: 4 }];
    expect(await socket.ok('conversation:sync', { cursors })).toMatchObject({
      changes: [{ messages: [last] }],
    });
    const { body: list } = await ben.call('GET', '/conversations');
    expect(list.items[0].lastMessage).toEqual(last);
    socket.close();
  });

  it('are the same in every spelling; repeated additions and removals change nothing', async () => {
    const message = await ada.send(await ada.group(ben), 'hello');
    const once = await react(ben, message, '\u2764');
    expect(once.body).toMatchObject({ rev: 1, reactions: [{ emoji: HEART, count: 1 }] });
    for (const spelling of ['\u2764\uFE0E', HEART])
      expect((await react(ben, message, spelling)).body).toEqual(once.body);
    expect((await unreact(ada, message, '\u2764')).body).toEqual(once.body);
    const none = await unreact(ben, message, '\u2764');
    expect(none.body).toMatchObject({ rev: 2, reactions: [] });
    expect((await unreact(ben, message, HEART)).body).toEqual(none.body);
  });

  it('are returned with a message that is sent again, over every transport', async () => {
    const group = await ada.group(ben);
    const message = await ada.send(group, 'hello', { id: randomUUID() });
    const { body: reacted } = await react(ben, message, '👍');
    const again = { id: message.id, body: 'hello' };
    const [posted, other] = await Promise.all([
      ada.call('POST', `/conversations/${group}/messages`, again),
      ada.call('POST', `/conversations/${group}/messages`, { body: 'another' }),
    ]);
    expect(posted).toMatchObject({ status: 200, body: reacted });
    expect(other).toMatchObject({ status: 201, body: { reactions: [], rev: 0 } });
    const socket = await ada.connect();
    expect(await socket.ok('message:send', { conversationId: group, ...again })).toEqual(reacted);
    socket.close();
  });

  it('stay after edits, and are deleted with the message', async () => {
    const message = await ada.send(await ada.group(ben), 'hello');
    const { body: reacted } = await react(ben, message, '👍');
    const { body: edited } = await ada.call('PUT', messagePath(message), { body: 'hi' });
    expect(edited).toMatchObject({ body: 'hi', rev: 2, reactions: reacted.reactions });
    const { body: tombstone } = await ada.call('DELETE', messagePath(message));
    expect(tombstone).toMatchObject({ rev: 3, reactions: [] });
    expect(await react(ben, message, '👍')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await unreact(ben, message, '👍')).toMatchObject({ status: 200, body: tombstone });
    const rows = await server.dataSource.query('select from message_reactions where message_id = $1', [
      message.id,
    ]);
    expect(rows).toEqual([]);
  });

  // Tests G6.
  it('are rejected for outsiders and former participants, whose earlier reactions stay', async () => {
    const group = await ada.group(ben, cleo);
    const message = await ada.send(group, 'hello');
    await react(cleo, message, '👍');
    await cleo.call('DELETE', `/conversations/${group}/participants/${cleo.id}`);
    for (const person of [outsider, cleo]) {
      for (const answer of [await react(person, message, '👍'), await unreact(person, message, '👍')])
        expect(answer).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
      const socket = await person.connect();
      const input = { conversationId: group, messageId: message.id, emoji: '👍' };
      for (const command of ['message:react', 'message:unreact'])
        expect(await socket.command(command, input)).toMatchObject({
          problem: { code: 'conversation-not-found' },
        });
      socket.close();
    }
    const elsewhere = { ...(await ada.send(await ada.group(ben), 'elsewhere')), conversationId: group };
    expect(await react(ada, elsewhere, '👍')).toMatchObject({
      status: 404,
      body: { code: 'message-not-found' },
    });
    expect((await ada.call('GET', messagePath(message))).body.reactions).toEqual([
      { emoji: '👍', count: 1, userIds: [cleo.id] },
    ]);
  });

  it('are rejected during a block in either direction', async () => {
    const [dora, emil] = (await signUpAll(server.url, 2)) as [Person, Person];
    await dora.call('POST', '/friend-requests', { recipientId: emil.id });
    await emil.call('POST', '/friend-requests', { recipientId: dora.id });
    const message = await dora.send(await dora.direct(emil), 'hello');
    const { body: reacted } = await react(emil, message, '👍');
    await dora.call('PUT', `/users/me/blocks/${emil.id}`);
    for (const person of [dora, emil])
      expect(await react(person, message, HEART)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await unreact(emil, message, '👍')).toMatchObject({ status: 403 });
    expect(await react(emil, message, '👍')).toMatchObject({ status: 200, body: reacted });
    await dora.call('DELETE', `/users/me/blocks/${emil.id}`);
    expect(await react(dora, message, HEART)).toMatchObject({ status: 200 });
  });

  it.each(['a', '👍👍', '1', '🏽', '\u200D', ' ', '%'])('are emoji, and not %j', async (text) => {
    const message = await ada.send(await ada.group(ben), 'hello');
    expect(await react(ada, message, text)).toMatchObject({
      status: 400,
      body: { code: 'validation-failed' },
    });
    const socket = await ada.connect();
    const input = { conversationId: message.conversationId, messageId: message.id, emoji: text };
    expect(await socket.command('message:react', input)).toMatchObject({
      problem: { code: 'validation-failed' },
    });
    socket.close();
  });

  it('are limited to 50 different emoji, 20 per user; everybody can add an emoji that is already there', async () => {
    const group = await ada.group(ben, cleo);
    const message = await ada.send(group, 'hello');
    for (const emoji of EMOJI.slice(0, 20)) expect((await react(ada, message, emoji)).status).toBe(200);
    expect(await react(ada, message, EMOJI[20]!)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    for (const emoji of EMOJI.slice(20, 40)) await react(ben, message, emoji);
    for (const emoji of EMOJI.slice(40, 50)) expect((await react(cleo, message, emoji)).status).toBe(200);
    expect(await react(cleo, message, EMOJI[50]!)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    const { body } = await react(cleo, message, EMOJI[0]!);
    expect(body.reactions.map(({ emoji }: { emoji: string }) => emoji)).toEqual(EMOJI.slice(0, 50));
    expect(body.reactions[0].count).toBe(2);
  });

  it('are limited to 5,000 on one message, and name the first 20 people', async () => {
    const group = await ada.group(ben);
    const message = await ada.send(group, 'hello');
    await server.dataSource.query(
      `with people as (
         insert into users (id, username, password_hash, display_name)
         select gen_random_uuid(), 'many-' || n, '!', 'm' from generate_series(1, 250) n returning id),
       numbered as (select id, row_number() over (order by id) as n from people),
       changed as (update chat_messages set rev = 5000 where id = $1)
       insert into message_reactions (message_id, emoji, user_id, rev)
       select $1, emoji, id, n from numbered, unnest($2::text[]) emoji`,
      [message.id, EMOJI.slice(0, 20)],
    );
    const { body } = await ada.call('GET', messagePath(message));
    expect(body.reactions[0]).toMatchObject({ count: 250, userIds: { length: 20 } });
    expect(await react(ada, message, EMOJI[0]!)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  // Tests G4, G19.
  it('are counted correctly when many people react to one message at the same moment', async () => {
    const people = await signUpAll(server.url, 5);
    const message = await ada.send(await ada.group(...people), 'hello');
    const emojis = EMOJI.slice(0, 4);
    await Promise.all(
      people.flatMap((person) =>
        emojis.flatMap((emoji) => [react(person, message, emoji), react(person, message, emoji)]),
      ),
    );
    await Promise.all(
      people
        .slice(0, 2)
        .flatMap((person) => [unreact(person, message, emojis[0]!), unreact(person, message, emojis[0]!)]),
    );
    const { body } = await ada.call('GET', messagePath(message));
    expect(body.rev).toBe(5 * 4 + 2);
    const counts = new Map(
      body.reactions.map(({ emoji, count }: { emoji: string; count: number }) => [emoji, count]),
    );
    expect(emojis.map((emoji) => counts.get(emoji))).toEqual([3, 5, 5, 5]);
  });

  // Tests G4.
  it('are deleted with an erased user, with one rev for each message', async () => {
    const [dora] = (await signUpAll(server.url, 1)) as [Person];
    const group = await ada.group(dora, ben);
    const messages = [
      await ada.send(group, 'one'),
      await ada.send(group, 'two'),
      await dora.send(group, 'three'),
    ];
    for (const message of messages) await react(dora, message, '👍');
    await react(dora, messages[0], HEART);
    await react(ben, messages[0], '👍');
    const socket = await ben.connect();
    const head = async (): Promise<number> =>
      (await ada.call('GET', `/conversations/${group}/messages`)).body.head.rev as number;
    const before = await head();
    const { status } = await dora.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' });
    expect(status).toBe(202);
    // The revs of the participant, of the message that stays without a sender, and of three messages without the reactions.
    await until('the reactions are gone', async () => (await head()) === before + 5);
    const { body } = await ada.call('GET', `/conversations/${group}/messages`);
    expect(body.items.map(({ reactions }: { reactions: object[] }) => reactions)).toEqual([
      [{ emoji: '👍', count: 1, userIds: [ben.id] }],
      [],
      [],
    ]);
    await until('an event for each', () => socket.payloads('message:updated').length === 4);
    const revs = socket.payloads('message:updated').map(({ rev }: { rev: number }) => rev);
    expect(revs).toEqual([before + 2, before + 3, before + 4, before + 5]);
    socket.close();
  });
});
