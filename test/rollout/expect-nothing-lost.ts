import type { Message } from '../../client/src/index';
import type { Sender } from './sender';

/** Asserts that all members of a group see one history, which has each message of each member once. */
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

/** Each acknowledged message equals the stored one, byte by byte. */
const isSame = (stored: Message | undefined, acknowledged: Message): boolean =>
  JSON.stringify(stored) === JSON.stringify(acknowledged);
