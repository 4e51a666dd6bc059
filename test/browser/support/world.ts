import { signUp, type Person } from '../../support/people';
import { makeOddGroup } from './odd-world';

/** People and conversations for screenshots: names of all lengths, and messages in every state. */
export interface World {
  readonly me: Person;
  readonly ben: Person;
  /** A person who has sent a friend request to `me`. */
  readonly kim: Person;
  /** A person without a relation to `me`. */
  readonly sam: Person;
  readonly direct: string;
  readonly group: string;
  /** A group with names and texts that are hard to display. */
  readonly odd: string;
}

const LONG = 'Wilhelmina Theodora Alexandrina van der Hoogenbergsteinhausen';

/** Creates a world in which `me` has an example of everything. */
export async function makeWorld(url: string): Promise<World> {
  const named = (displayName: string): Promise<Person> => signUp(url, { displayName });
  const me = await signUp(url, { displayName: 'Ada Lovelace' });
  const ben = await named('Ben Babbage');
  const [wilhelmina, noor, kim, lee, stranger, sam] = await Promise.all(
    [LONG, 'نور الهدى', 'Kim', 'Lee', 'Robin', 'Sam'].map(named),
  );
  const befriend = async (other: Person): Promise<string> => {
    await me.call('POST', '/friend-requests', { recipientId: other.id });
    const { body } = await other.call('POST', '/friend-requests', { recipientId: me.id });
    expectMade(body.status === 'accepted', body);
    return me.direct(other);
  };
  const direct = await befriend(ben);
  const [withWilhelmina, withNoor] = [await befriend(wilhelmina!), await befriend(noor!)];
  await kim!.call('POST', '/friend-requests', { recipientId: me.id, message: 'We met at the exhibition.' });
  await me.call('POST', '/friend-requests', { recipientId: lee!.id });
  await me.call('PUT', `/users/me/blocks/${stranger!.id}`);
  await me.call('PATCH', '/users/me', { status: 'on holiday until Monday' });

  const { body: group } = await me.call('POST', '/conversations', {
    type: 'group',
    title: 'The analytical engine, its designers and its friends all over the world',
    participantIds: [ben.id, wilhelmina!.id, noor!.id],
  });
  await wilhelmina!.send(
    withWilhelmina,
    'Did you read what Menabrea wrote about the engine? I could not stop.',
  );
  await noor!.send(withNoor, 'مرحبا، كيف حالك اليوم؟');
  await noor!.send(group.id, 'Good morning!');
  await wilhelmina!.send(
    group.id,
    'The cards have arrived. All **1,264** of them:\n\n- variables\n- operations\n- numbers',
  );
  const wonderful = await me.send(group.id, 'Wonderful.');
  for (const emoji of ['👍', '🎉', '❤️'])
    for (const person of [ben, wilhelmina!, me].slice(emoji === '🎉' ? 1 : 0, emoji === '❤️' ? 1 : 3))
      await person.call(
        'PUT',
        `/conversations/${group.id}/messages/${wonderful.id}/reactions/${encodeURIComponent(emoji)}`,
      );
  await ben.send(group.id, 'Who counts them?');

  await ben.send(direct, 'Have you seen the drawings?');
  const seen = await me.send(direct, 'I have. The mill is a marvel; see https://example.org/drawings');
  await ben.send(direct, 'There is an error in note G, I think:\n`V4 = V5 / V4`', { replyToId: seen.id });
  await ben.call('PUT', `/conversations/${direct}/messages/${seen.id}/reactions/${encodeURIComponent('👍')}`);
  await me.call('PUT', `/conversations/${direct}/messages/${seen.id}/pin`);
  const draft = await me.send(direct, 'I am afraid you are write.');
  const { body: edited } = await me.call('PUT', `/conversations/${direct}/messages/${draft.id}`, {
    body: 'I am afraid you are right.',
    version: 'second',
  });
  expectMade(edited.editedAt, edited);
  const slip = await ben.send(direct, 'a slip of the finger');
  await ben.call('DELETE', `/conversations/${direct}/messages/${slip.id}`);
  await me.send(direct, 'Shall we mend it together on Thursday? I can bring the tables.');
  await ben.send(direct, 'Gladly. I bring the tea. '.repeat(8).trim());
  const odd = await makeOddGroup(url, me);
  return { me, ben, kim: kim!, sam: sam!, direct, group: group.id, odd };
}

function expectMade(isMade: unknown, answer: unknown): void {
  if (!isMade) throw new Error(`the world could not be made: ${JSON.stringify(answer)}`);
}
