import type { Conversation, Message } from '@xfchat/client';
import { isolated, nameOf } from '../people/names.ts';
import type { People } from '../people/people.ts';
import { NO_MENTIONS, type Mention, type Mentions } from '../text/mentions.ts';

/** The mentions of a message with the names of now. Users who have left are loaded, and shown once they are. */
export function mentionsOf(
  message: Message | undefined,
  { participants }: Conversation,
  people: People,
  ownId: string,
): Mentions {
  if (!message || (message.mentions.length === 0 && !message.mentionsAll)) return NO_MENTIONS;
  const mentions = new Map<string, Mention>();
  if (message.mentionsAll) mentions.set('all', { name: 'all', isOwn: message.senderId !== ownId });
  for (const id of message.mentions) {
    const user = participants.find(({ userId }) => userId === id)?.user ?? people.of(id).value;
    if (user) mentions.set(user.username, { name: isolated(nameOf(user)), isOwn: id === ownId });
  }
  return mentions;
}
