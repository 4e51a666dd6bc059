import { randomUUID } from 'node:crypto';
import { call, signUp, type Person } from './people';
import { query, type Server } from './servers';
import { quantile } from './statistics';

/** Milliseconds of one request, the middle of many. */
export async function timeOf(repeats: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let warmUp = 0; warmUp < 3; warmUp++) await work();
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}

/** A group with as many messages as wanted, put into the database directly. */
async function groupWith(
  server: Server,
  databaseUrl: string,
  owner: Person,
  messages: number,
): Promise<string> {
  const group = { type: 'group', title: `${messages} messages`, participantIds: [] };
  const { id } = await call<{ id: string }>(server, 'POST', '/conversations', owner.token, group);
  await query(
    databaseUrl,
    `insert into chat_messages (id, conversation_id, seq, sender_id, body)
     select gen_random_uuid(), $1, n, $2, repeat('x', 120) from generate_series(1, $3::bigint) n`,
    [id, owner.id, messages],
  );
  await query(databaseUrl, 'update conversations set last_seq = $2 where id = $1', [id, messages]);
  await query(databaseUrl, 'update conversation_participants set read_seq = $2 where conversation_id = $1', [
    id,
    messages,
  ]);
  return id;
}

/** What reading costs, in milliseconds, and how it grows. */
export async function measureReads(server: Server, databaseUrl: string): Promise<Record<string, number>> {
  const [ada, ben] = [await signUp(server), await signUp(server)];
  const small = await groupWith(server, databaseUrl, ada, 1_000);
  const large = await groupWith(server, databaseUrl, ada, 1_000_000);
  const medium = await groupWith(server, databaseUrl, ada, 10_000);
  await query(
    databaseUrl,
    `with made as (
       insert into conversations (id, type, title, last_seq)
       select gen_random_uuid(), 'group', 'one of many', 20 from generate_series(1, 1000) returning id),
     joined as (
       insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'member' from made)
     insert into chat_messages (id, conversation_id, seq, body)
     select gen_random_uuid(), made.id, n, repeat('x', 120) from made cross join generate_series(1, 20) n`,
    [ben.id],
  );
  await query(databaseUrl, 'vacuum analyze');

  const page = (id: string) => () => call(server, 'GET', `/conversations/${id}/messages`, ada.token);
  const catchUp = async (): Promise<void> => {
    let position = { seq: 0, rev: 0 };
    for (let complete = false; !complete;) {
      const path = `/conversations/${medium}/changes?seq=${position.seq}&rev=${position.rev}`;
      const found = await call<{ cursor: typeof position; complete: boolean }>(
        server,
        'GET',
        path,
        ada.token,
      );
      ({ cursor: position, complete } = found);
    }
  };
  const readSmall: number[] = [];
  const readLarge: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    readSmall.push(await timeOf(100, page(small)));
    readLarge.push(await timeOf(100, page(large)));
  }
  const send = (): Promise<unknown> =>
    call(server, 'POST', `/conversations/${large}/messages`, ada.token, {
      id: randomUUID(),
      body: 'one more',
    });
  return {
    'newest page of 1,000 messages': quantile(readSmall, 0.5),
    'newest page of 1,000,000 messages': quantile(readLarge, 0.5),
    'one message more, after 1,000,000': await timeOf(100, send),
    'catching up with 10,000 messages': await timeOf(5, catchUp),
    'first 50 of 1,000 conversations': await timeOf(50, () =>
      call(server, 'GET', '/conversations?limit=50', ben.token),
    ),
    'first 200 of 1,000 conversations': await timeOf(20, () =>
      call(server, 'GET', '/conversations?limit=200', ben.token),
    ),
  };
}
