import { randomUUID } from 'node:crypto';
import { addMessages } from './add-messages';
import { call, signUp, type Person } from './people';
import { query, type Server } from './servers';
import { quantile } from './statistics';

/** The median time of many requests, in milliseconds. */
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

/** Creates a group, and adds its messages by SQL. */
async function groupWith(
  server: Server,
  databaseUrl: string,
  owner: Person,
  messages: number,
): Promise<string> {
  const group = { type: 'group', title: `${messages} messages`, participantIds: [] };
  const { id } = await call<{ id: string }>(server, 'POST', '/conversations', owner.token, group);
  await addMessages(databaseUrl, id, owner.id, messages);
  return id;
}

/** Measures the time of reads, in milliseconds, and how it grows with the number of messages. */
export async function measureReads(
  server: Server,
  databaseUrl: string,
  repeats: number,
): Promise<Record<string, number[]>> {
  const [ada, ben] = [await signUp(server), await signUp(server)];
  const small = await groupWith(server, databaseUrl, ada, 1_000);
  const large = await groupWith(server, databaseUrl, ada, 1_000_000);
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
  const send = (): Promise<unknown> =>
    call(server, 'POST', `/conversations/${large}/messages`, ada.token, {
      id: randomUUID(),
      body: 'one more',
    });
  const list = (limit: number) => () => call(server, 'GET', `/conversations?limit=${limit}`, ben.token);
  const reads: Record<string, () => Promise<number>> = {
    'newest page of 1,000 messages, ms': () => timeOf(100, page(small)),
    'newest page of 1,000,000 messages, ms': () => timeOf(100, page(large)),
    'one message more, after 1,000,000, ms': () => timeOf(100, send),
    'first 50 of 1,000 conversations, ms': () => timeOf(50, list(50)),
    'first 200 of 1,000 conversations, ms': () => timeOf(20, list(200)),
  };
  const figures: Record<string, number[]> = {};
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const [what, measure] of Object.entries(reads)) (figures[what] ??= []).push(await measure());
  return figures;
}
