import type { Message } from '../../client/src/index';
import type { Sender } from './sender';

/** That of the members of one group everybody sees one history, in which what each of them has written is there once. */
export async function expectNothingLost(group: readonly Sender[]): Promise<void> {
  const history = await group[0]!.view();
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_message, index) => index + 1));
  const stored = new Map(history.map((message) => [message.id, message]));
  for (const sender of group) {
    expect(sender.acknowledged.filter((message) => !isSame(stored.get(message.id), message))).toEqual([]);
    expect(history.filter(({ senderId }) => senderId === sender.person.id)).toHaveLength(
      sender.attempts.length,
    );
    expect(await sender.view()).toEqual(history);
  }
}

/** What was acknowledged is what is stored, byte by byte. */
const isSame = (stored: Message | undefined, acknowledged: Message): boolean =>
  JSON.stringify(stored) === JSON.stringify(acknowledged);
