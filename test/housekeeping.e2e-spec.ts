import { AttachmentCollector } from '../src/features/attachments/attachment-collector';
import { AttachmentStore } from '../src/features/attachments/attachment-store';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { Housekeeping } from '../src/platform/housekeeping/housekeeping';
import { Metrics } from '../src/platform/metrics/metrics';
import { uploaded } from './support/attachments';
import { signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const DAYS = 90;

describe('housekeeping', () => {
  let server: TestServer;
  let housekeeping: Housekeeping;

  beforeAll(async () => {
    server = await startTestServer();
    housekeeping = server.application.get(Housekeeping);
  });
  afterAll(() => server.close());

  const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    server.dataSource.query<Row[]>(sql, values);
  /** Makes a time of a row older. */
  const age = (table: string, id: string, column: string, days: number): Promise<unknown> =>
    query(`update ${table} set ${column} = ${column} - make_interval(days => $2) where id = $1`, [id, days]);
  const remaining = async (table: string, ids: readonly string[]): Promise<string[]> => {
    const rows = await query<{ id: string }>(`select id from ${table} where id = any ($1)`, [ids]);
    return ids.filter((id) => rows.some((row) => row.id === id));
  };
  const deletedOf = async (task: string): Promise<number> => {
    const { values } = await server.application
      .get(Metrics)
      .registry.getSingleMetric('xfchat_housekeeping_deleted_total')!
      .get();
    return values.find(({ labels }) => labels.task === task)!.value;
  };

  it('deletes sessions that ended long ago, and keeps those in use or recently ended', async () => {
    const ada = await signUp(server.url);
    const [ended, recent, expired] = await Promise.all([
      ada.signInAgain(),
      ada.signInAgain(),
      ada.signInAgain(),
    ]);
    for (const device of [ended, recent]) await device.call('POST', '/auth/logout');
    await age('sessions', ended.sessionId, 'ended_at', DAYS + 1);
    await age('sessions', recent.sessionId, 'ended_at', DAYS - 1);
    await age('sessions', expired.sessionId, 'expires_at', 1_000);
    // Long in use, and still in use.
    await age('sessions', ada.sessionId, 'created_at', 1_000);
    const before = await deletedOf('sessions');
    expect(await housekeeping.round()).toBe(true);
    const all = [ended, recent, expired, ada].map(({ sessionId }) => sessionId);
    expect(await remaining('sessions', all)).toEqual([recent.sessionId, ada.sessionId]);
    expect((await deletedOf('sessions')) - before).toBe(2);
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect((await ended.call('GET', '/users/me')).body).toMatchObject({ code: 'session-revoked' });
  });

  it('deletes friend requests that were answered long ago, and keeps pending ones', async () => {
    const [ada, ...others] = await signUpAll(server.url, 5);
    const ids: string[] = [];
    for (const other of others)
      ids.push((await ada!.call('POST', '/friend-requests', { recipientId: other.id })).body.id);
    const [accepted, declined, recent, pending] = ids as [string, string, string, string];
    await others[0]!.call('POST', `/friend-requests/${accepted}/accept`);
    await others[1]!.call('POST', `/friend-requests/${declined}/decline`);
    await others[2]!.call('POST', `/friend-requests/${recent}/decline`);
    for (const id of [accepted, declined]) await age('friend_requests', id, 'responded_at', DAYS + 1);
    await age('friend_requests', pending, 'created_at', 1_000);
    await housekeeping.round();
    expect(await remaining('friend_requests', ids)).toEqual([recent, pending]);
    expect((await ada!.call('GET', '/friends')).body.items).toMatchObject([{ id: others[0]!.id }]);
  });

  describe('of deleted conversations', () => {
    let ada: Person;
    let ben: Person;

    /** A group with 1,200 messages, an edit, a reply, a reaction and an attachment. */
    async function fullGroup(): Promise<{ id: string; attachment: string; other: string }> {
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      const [id, other] = [await ada.group(ben), await ada.group(ben)];
      const first = await ada.send(id, 'one');
      await ada.call('PUT', `/conversations/${id}/messages/${first.id}`, { body: 'two' });
      await ben.call('PUT', `/conversations/${id}/messages/${first.id}/reactions/👍`);
      await ben.call('POST', `/conversations/${id}/messages`, { body: 'an answer', replyToId: first.id });
      const { id: attachment } = await uploaded(ada);
      await ada.call('POST', `/conversations/${id}/messages`, { body: '', attachmentIds: [attachment] });
      await ada.send(other, 'stays');
      await query(
        `insert into chat_messages (id, conversation_id, seq, sender_id, body)
         select gen_random_uuid(), $1, 3 + n, $2, 'one of many' from generate_series(1, 1197) n`,
        [id, ada.id],
      );
      await query(`update conversations set last_seq = 1200 where id = $1`, [id]);
      return { id, attachment, other };
    }
    const countOf = async (conversationId: string): Promise<number> =>
      (
        await query<{ count: number }>(`select count(*) from chat_messages where conversation_id = $1`, [
          conversationId,
        ])
      )[0]!.count;

    it('deletes all messages and their files, and nothing of other conversations', async () => {
      const { id, attachment, other } = await fullGroup();
      expect((await ada.call('DELETE', `/conversations/${id}`)).status).toBe(204);
      await age('conversations', id, 'deleted_at', DAYS - 1);
      await housekeeping.round();
      expect(await countOf(id)).toBe(1_200);
      const isKept = (): Promise<boolean> =>
        server.application
          .get(AttachmentStore)
          .read(attachment)
          .then(
            (bytes) => !!bytes.destroy(),
            () => false,
          );
      expect(await isKept()).toBe(true);

      await age('conversations', id, 'deleted_at', 2);
      await housekeeping.round();
      expect(await countOf(id)).toBe(0);
      expect(await countOf(other)).toBe(1);
      expect(await remaining('conversations', [id, other])).toEqual([id, other]);
      expect(
        await query(`select from message_versions v where not exists
        (select from chat_messages m where m.id = v.message_id)`),
      ).toEqual([]);
      await server.application.get(AttachmentCollector).collect();
      expect(await remaining('attachments', [attachment])).toEqual([]);
      expect(await isKept()).toBe(false);
      expect(await checkIntegrity(server.dataSource)).toEqual([]);
      expect((await ada.call('GET', `/conversations/${id}`)).status).toBe(404);
      // The id does not come back to life.
      const again = { type: 'group', id, title: 'again', participantIds: [] };
      expect((await ada.call('POST', '/conversations', again)).status).toBe(409);
    });

    it('goes on after a round that was interrupted between two batches', async () => {
      const { id } = await fullGroup();
      await ada.call('DELETE', `/conversations/${id}`);
      await age('conversations', id, 'deleted_at', DAYS + 1);
      const mayWork = jest.spyOn(housekeeping as never, 'mayWork', 'get').mockReturnValue(false as never);
      expect(await housekeeping.round()).toBe(false);
      mayWork.mockRestore();
      expect(await countOf(id)).toBe(700);
      expect(await housekeeping.round()).toBe(true);
      expect(await countOf(id)).toBe(0);
      expect(await checkIntegrity(server.dataSource)).toEqual([]);
    });
  });

  it('deletes entries of the authentication log after AUTHENTICATION_LOG_DAYS', async () => {
    const ada = await signUp(server.url);
    await query(
      `insert into authentication_events (id, kind, outcome, user_id, created_at, last_at)
       select gen_random_uuid(), 'sign-in', 'ok', $1, now() - make_interval(days => n), now()
       from unnest(array[89, 91]) n, generate_series(1, 1500)`,
      [ada.id],
    );
    const countEntries = async (): Promise<number> =>
      (
        await query<{ count: number }>(
          `select count(*) from authentication_events where user_id = $1 and created_at < now() - interval '1 day'`,
          [ada.id],
        )
      )[0]!.count;
    expect(await countEntries()).toBe(3_000);
    await housekeeping.round();
    expect(await countEntries()).toBe(1_500);
  });

  it('leaves a task to another server that is at it', async () => {
    const ada = await signUp(server.url);
    const device = await ada.signInAgain();
    await device.call('POST', '/auth/logout');
    await age('sessions', device.sessionId, 'ended_at', DAYS + 1);
    await server.dataSource.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtextextended('housekeeping sessions', 0))`);
      expect(await housekeeping.round()).toBe(true);
      expect(await remaining('sessions', [device.sessionId])).toEqual([device.sessionId]);
    });
    await housekeeping.round();
    expect(await remaining('sessions', [device.sessionId])).toEqual([]);
  });
});
