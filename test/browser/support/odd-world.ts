import { signUp, type Person } from '../../support/people';

/** A letter with as many marks as a name may have. */
const MARKED = 'a\u0300\u0316\u0301\u0317';

/** Names and statuses that the server accepts and that are hard to display. */
const PEOPLE: readonly (readonly [displayName: string, status: string])[] = [
  ['W'.repeat(64), 'm'.repeat(140)],
  [MARKED.repeat(12), `marks ${MARKED.repeat(20)}`],
  ['שרה 123 Smith (admin)', 'עסוקה until 17:30, אחר כך free'],
  ['👩‍👩‍👧‍👦'.repeat(9), '🏳️‍🌈'.repeat(20)],
  ['...', '-'],
];
const TITLE = `${MARKED.repeat(6)} קבוצה ${'Donaudampfschifffahrt'.repeat(2)}`;

const PILED = `piled ${'e\u0301\u0323'.repeat(4)} ${'a\u0301'.padEnd(300, '\u0301')} ${'o\u0323'.padEnd(300, '\u0323')} up`;
const TEXTS: readonly string[] = [
  'W'.repeat(600),
  `${'> '.repeat(40)}a quote in forty others`,
  `a word, then \`${'code '.repeat(40)}\`, and\n\`\`\`\n${'x'.repeat(200)}\n\`\`\``,
  '1. one\n2. two\n\n   - three\n   - four\n\n\n\n\nfive',
  'the line before',
  PILED,
  'the line after',
  'مرحبا! كيف حالك اليوم؟ I am fine, see https://example.org/مرحبا (שלום).',
  '\u202eturned around\u202c, and on from here',
  `https://example.org/${'a-long-path/'.repeat(30)}`,
  'pay at [https://bank.example](https://evil.example/x) now',
  '👩‍👩‍👧‍👦🏳️‍🌈🇺🇳',
  '.',
];

/** Creates a group of people with odd names and odd messages. @returns its id */
export async function makeOddGroup(url: string, me: Person): Promise<string> {
  const people = await Promise.all(
    PEOPLE.map(async ([displayName, status]) => {
      const person = await signUp(url, { displayName });
      await person.call('PATCH', '/users/me', { status });
      return person;
    }),
  );
  const { body: group } = await me.call('POST', '/conversations', {
    type: 'group',
    title: TITLE,
    participantIds: people.map(({ id }) => id),
  });
  let answered: string | undefined;
  for (const [index, body] of TEXTS.entries()) {
    const sender = people[index % people.length]!;
    const { id } = await sender.send(group.id, body, { ...(answered && { replyToId: answered }) });
    answered = index % 3 === 2 ? id : undefined;
  }
  await me.send(group.id, PILED);
  await people[1]!.send(group.id, 'What was the last thing that was said?');
  return group.id;
}
