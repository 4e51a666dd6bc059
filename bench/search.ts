import type { EntityManager } from 'typeorm';
import { indexNext } from '../src/features/search/search-index.queries';
import { call, signUp } from './people';
import { query, type Server } from './servers';
import { quantile } from './statistics';

const MESSAGES = 1_000_000;
const GROUPS = 200;
const VOCABULARY = 20_000;
const AT_ONCE = 20_000;

/** A random generator that returns the same numbers in every run. */
function generator(): () => number {
  let state = 7;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';

/** Makes words of 3 to 10 letters. The first ones are the most frequent: every fourth message contains the first. */
function language(next: () => number): string[] {
  const letter = (): string => LETTERS[Math.floor(LETTERS.length * next() * next())]!;
  return Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 3 + Math.floor(next() * 8) }, letter).join(''),
  );
}

/** Measures searches in a million messages, in milliseconds, for a user who may read all of them and one who may read 2 %. */
export async function measureSearch(
  server: Server,
  databaseUrl: string,
  repeats: number,
): Promise<Record<string, number[]>> {
  const next = generator();
  const words = language(next);
  const sentence = (): string =>
    Array.from(
      { length: 4 + Math.floor(next() * 10) },
      () => words[Math.floor(VOCABULARY * next() ** 3)],
    ).join(' ');
  const [everywhere, somewhere] = [await signUp(server), await signUp(server)];
  const groups = await query<{ id: string }>(
    databaseUrl,
    `with made as (
       insert into conversations (id, type, title, last_seq)
       select gen_random_uuid(), 'group', 'to be searched', $2 from generate_series(1, $3) returning id),
     all_of_them as (
       insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'member' from made)
     select id from made`,
    [everywhere.id, MESSAGES / GROUPS, GROUPS],
  );
  const ids = groups.map(({ id }) => id);
  await query(
    databaseUrl,
    `insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'member' from unnest($2::uuid[]) id`,
    [somewhere.id, ids.slice(0, GROUPS / 50)],
  );
  for (let from = 0; from < MESSAGES; from += AT_ONCE)
    await query(
      databaseUrl,
      `insert into chat_messages (id, conversation_id, seq, sender_id, body, created_at)
       select gen_random_uuid(), ($1::uuid[])[1 + n % $2], 1 + n / $2, $3, body, now() - ($4 - n) * interval '1 s'
       from unnest($5::text[]) with ordinality as said (body, place), lateral (select $6 + place::int - 1 as n) numbered`,
      [ids, GROUPS, everywhere.id, MESSAGES, Array.from({ length: AT_ONCE }, sentence), from],
    );
  const indexedMs = await index(databaseUrl, ids);
  await query(databaseUrl, 'vacuum analyze');

  const searches: Record<string, string> = {
    'a word of every fourth message': words[0]!,
    'a word of one message in a hundred': words[60]!,
    'a rare word': words[VOCABULARY - 5]!,
    'two words': `${words[3]} ${words[300]}`,
    'the beginning of a word': words[200]!.slice(0, 3),
    'a part of a word': words[500]!.slice(1),
    'a word with a mistake': `${words[700]!.slice(0, 3)}q${words[700]!.slice(4)}`,
    'a word that nobody has said': 'zzzzqqqq',
  };
  const figures: Record<string, number[]> = {
    'indexing 1,000 messages, ms': [(indexedMs / MESSAGES) * 1_000],
  };
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const [who, person] of Object.entries({ all: everywhere, 'a fiftieth': somewhere }))
      for (const [what, q] of Object.entries(searches)) {
        const times: number[] = [];
        for (let time = 0; time < 20; time++) {
          const started = performance.now();
          await call(server, 'GET', `/search/messages?q=${encodeURIComponent(q)}`, person.token);
          times.push(performance.now() - started);
        }
        (figures[`${what}, of ${who}: median, ms`] ??= []).push(quantile(times, 0.5));
        (figures[`${what}, of ${who}: worst of 20, ms`] ??= []).push(Math.max(...times));
      }
  return figures;
}

/** Indexes the conversations as servers do, but without pauses. @returns the time, in milliseconds */
async function index(databaseUrl: string, conversationIds: readonly string[]): Promise<number> {
  const manager = {
    query: (text: string, values: unknown[]) => query<object>(databaseUrl, text, values),
  } as unknown as EntityManager;
  const started = performance.now();
  let left = [...conversationIds];
  while (left.length > 0) {
    const { unfinished } = await indexNext(manager, left.slice(0, 20), 500);
    left = [...left.slice(20), ...unfinished];
  }
  return performance.now() - started;
}
