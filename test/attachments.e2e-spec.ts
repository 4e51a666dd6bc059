import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AttachmentCollector } from '../src/features/attachments/attachment-collector';
import type { Answer } from './support/api';
import { download, PIXEL, upload, uploaded } from './support/attachments';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('attachments', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let outsider: Person;
  let group: string;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, outsider] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
    group = await ada.group(ben);
  });
  afterAll(() => server.close());

  const send = (person: Person, conversationId: string, fields: object): Promise<Answer> =>
    person.call('POST', `/conversations/${conversationId}/messages`, { body: '', ...fields });
  const fileOf = (id: string): string => join(server.configuration.attachmentsFolder, id.slice(-2), id);
  const rows = (id: string): Promise<object[]> =>
    server.dataSource.query('select * from attachments where id = $1', [id]);
  const collect = (): Promise<void> => server.application.get(AttachmentCollector).collect();

  it('are stored unchanged, with the media type of their content', async () => {
    const { status, body, headers } = await upload(ada, { name: 'größe.png', type: 'text/html' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      name: 'größe.png',
      type: 'image/png',
      size: PIXEL.length,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(headers.get('location')).toBe(`/api/v1/attachments/${body.id}`);
    expect(await rows(body.id)).toEqual([
      expect.objectContaining({ sha256: createHash('sha256').update(PIXEL).digest('hex') }),
    ]);
    const found = await download(ada, body.id);
    expect(found.status).toBe(200);
    expect(found.headers.get('content-type')).toBe('image/png');
    expect(found.headers.get('content-length')).toBe(String(PIXEL.length));
    expect(readdirSync(join(server.configuration.attachmentsFolder, 'uploads'))).toEqual([]);
  });

  // Tests G2, G6.
  it('are sent with their message to everybody in the conversation and nobody else', async () => {
    const [first, second] = [await uploaded(ada), await uploaded(ada, { name: 'b.txt', content: 'text' })];
    expect((await download(ben, first.id)).body).toMatchObject({ code: 'attachment-not-found' });
    const socket = await ben.connect();
    const id = randomUUID();
    const command = {
      conversationId: group,
      id,
      body: '',
      type: 'image',
      attachmentIds: [second.id, first.id],
    };
    const adas = await ada.connect();
    const message = await adas.ok('message:send', command);
    expect(message).toMatchObject({ id, body: '', type: 'image', attachments: [second, first] });
    expect(await socket.next('message:created', (told) => told.id === id)).toEqual(message);
    expect((await ben.call('GET', `/conversations/${group}/messages/${id}`)).body).toEqual(message);
    expect((await ben.call('GET', `/conversations/${group}/messages`)).body.items.at(-1)).toEqual(message);
    expect(
      (await ben.call('GET', `/conversations/${group}/changes?seq=${message.seq - 1}&rev=0`)).body,
    ).toMatchObject({
      messages: [message],
    });
    expect((await ben.call('GET', `/conversations/${group}`)).body.lastMessage).toEqual(message);
    expect((await download(ben, first.id)).status).toBe(200);
    for (const attachmentId of [first.id, second.id, randomUUID()])
      expect((await download(outsider, attachmentId)).body).toMatchObject({
        status: 404,
        code: 'attachment-not-found',
      });

    // The same attachments in the same order make a retry; others, or another order, do not.
    expect(await adas.ok('message:send', command)).toEqual(message);
    expect(await send(ada, group, command2(command))).toMatchObject({ status: 200, body: message });
    for (const attachmentIds of [[first.id, second.id], [second.id], []]) {
      const conflict = await send(ada, group, { ...command2(command), body: 'x', attachmentIds });
      expect(conflict.body).toMatchObject({ status: 409, code: 'message-id-conflict' });
    }
    socket.close();
    adas.close();
  });

  const command2 = ({ conversationId: _conversationId, ...fields }: { conversationId: string }): object =>
    fields;

  it('are not claimed by a retry of a message without attachments', async () => {
    const id = randomUUID();
    const file = await uploaded(ada);
    const message = await ada.send(group, 'the same', { id, attachmentIds: [file.id] });
    expect((await send(ada, group, { id, body: 'the same' })).body).toMatchObject({
      code: 'message-id-conflict',
    });
    const plain = await ada.send(group, 'plain', { id: randomUUID() });
    const again = await send(ada, group, { id: plain.id, body: 'plain', attachmentIds: [file.id] });
    expect(again.body).toMatchObject({ code: 'message-id-conflict' });
    expect(message.attachments).toEqual([file]);
  });

  it.each([
    ['unknown', async () => [randomUUID()]],
    ['of somebody else', async () => [(await uploaded(ben)).id]],
    ['of one that exists and one that does not', async () => [(await uploaded(ada)).id, randomUUID()]],
    [
      'named twice',
      async () => {
        const { id } = await uploaded(ada);
        return [id, id];
      },
    ],
    [
      'carried by another message',
      async () => {
        const { id } = await uploaded(ada);
        await ada.send(group, 'first', { attachmentIds: [id] });
        return [id];
      },
    ],
    [
      'too old',
      async () => {
        const { id } = await uploaded(ada);
        await server.dataSource.query(
          `update attachments set created_at = now() - interval '25 hours' where id = $1`,
          [id],
        );
        return [id];
      },
    ],
  ])('are rejected together with the message when they are %s', async (_name, make) => {
    const { body: before } = await ada.call('GET', `/conversations/${group}`);
    const refused = await send(ada, group, { body: 'refused', attachmentIds: await make() });
    expect(refused.body).toMatchObject({ status: 400, code: 'validation-failed' });
    expect(refused.body.errors[0].pointer).toMatch(/^\/attachmentIds/);
    const { body: after } = await ada.call('GET', `/conversations/${group}`);
    expect(after.lastSeq).toBe(before.lastSeq + (_name.startsWith('carried') ? 1 : 0));
  });

  it('allow an empty body, which is rejected otherwise', async () => {
    expect((await send(ada, group, {})).body).toMatchObject({
      code: 'validation-failed',
      errors: [{ pointer: '/body' }],
    });
    const file = await uploaded(ada);
    expect((await send(ada, group, { body: ' ', attachmentIds: [file.id] })).status).toBe(400);
    const { body: message } = await send(ada, group, { attachmentIds: [file.id] });
    const path = `/conversations/${group}/messages/${message.id}`;
    expect((await ada.call('PUT', path, { body: 'said', version: 'one' })).body).toMatchObject({
      body: 'said',
      attachments: [file],
    });
    expect((await ada.call('PUT', path, { body: '', version: 'two' })).body).toMatchObject({
      body: '',
      attachments: [file],
    });
    const plain = await ada.send(group, 'plain');
    expect(
      (await ada.call('PUT', `/conversations/${group}/messages/${plain.id}`, { body: '', version: 'two' }))
        .status,
    ).toBe(400);
  });

  it('are claimed once when many messages name them at the same moment', async () => {
    const other = await ada.group();
    const file = await uploaded(ada);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        send(ada, index % 2 ? other : group, { body: `race ${index}`, attachmentIds: [file.id] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
  });

  it('keep the order of the messages of one socket, with and without attachments', async () => {
    const socket = await ada.connect();
    const files = await Promise.all(Array.from({ length: 5 }, () => uploaded(ada)));
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        socket.ok('message:send', {
          conversationId: group,
          body: `in order ${index}`,
          ...(index % 4 === 1 && { attachmentIds: [files[(index - 1) / 4]!.id] }),
        }),
      ),
    );
    const seqs = sent.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => seqs[0] + index));
    socket.close();
  });

  // Tests G6.
  it('cannot be read by former participants, or by anybody once the message is deleted', async () => {
    const circle = await ada.group(ben);
    const file = await uploaded(ada);
    const message = await ada.send(circle, 'look', { attachmentIds: [file.id] });
    const path = `/conversations/${circle}/messages/${message.id}`;
    await ben.call('DELETE', `/conversations/${circle}/participants/${ben.id}`);
    expect((await download(ben, file.id)).status).toBe(404);
    expect((await download(ada, file.id)).status).toBe(200);
    const { body: tombstone } = await ada.call('DELETE', path);
    expect(tombstone).toMatchObject({ body: null, attachments: [] });
    expect((await download(ada, file.id)).status).toBe(404);
    expect(
      (await send(ada, circle, { id: message.id, body: 'look', attachmentIds: [file.id] })).body,
    ).toEqual(tombstone);
    expect(existsSync(fileOf(file.id))).toBe(true);
    await collect();
    expect(existsSync(fileOf(file.id))).toBe(false);
    expect(await rows(file.id)).toEqual([]);
  });

  it('are removed only when no message has claimed them in time', async () => {
    const [fresh, old, broken] = [await uploaded(ada), await uploaded(ada), await uploaded(ada)];
    await server.dataSource.query(
      `update attachments set created_at = now() - interval '26 hours' where id = $1`,
      [old.id],
    );
    await server.dataSource.query(
      `update attachments set stored_at = null, created_at = now() - interval '61 minutes' where id = $1`,
      [broken.id],
    );
    await collect();
    expect([fresh, old, broken].map(({ id }) => existsSync(fileOf(id)))).toEqual([true, false, false]);
    expect(await Promise.all([fresh, old, broken].map(({ id }) => rows(id)))).toMatchObject([
      [{ id: fresh.id }],
      [],
      [],
    ]);
  });

  it.each(['keep', 'remove'])(
    'are deleted with their erased uploader if the messages are deleted (%s)',
    async (messages) => {
      const [cleo] = (await signUpAll(server.url, 1)) as [Person];
      const circle = await ada.group(cleo);
      const [carried, unclaimed] = [await uploaded(cleo), await uploaded(cleo)];
      const message = await cleo.send(circle, 'look', { attachmentIds: [carried.id] });
      await cleo.call('DELETE', '/users/me', { password: 'a password nobody else has', messages });
      const worker = async (): Promise<boolean> =>
        (
          await server.dataSource.query('select from erasures where user_id = $1 and finished_at is null', [
            cleo.id,
          ])
        ).length > 0;
      while (await worker()) await new Promise((resolve) => setImmediate(resolve));
      const { body } = await ada.call('GET', `/conversations/${circle}/messages/${message.id}`);
      const isKept = messages === 'keep';
      expect(body.attachments).toEqual(isKept ? [carried] : []);
      expect((await download(ada, carried.id)).status).toBe(isKept ? 200 : 404);
      await collect();
      expect([carried, unclaimed].map(({ id }) => existsSync(fileOf(id)))).toEqual([isKept, false]);
      expect(
        await server.dataSource.query('select from attachments where uploader_id = $1', [cleo.id]),
      ).toEqual([]);
    },
  );
});
