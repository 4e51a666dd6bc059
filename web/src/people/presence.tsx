import type { Conversation, Presence } from '@xfchat/client';
import type { Chat } from '../chat.ts';
import { useChat } from '../context.ts';
import { momentInWords } from '../times.ts';
import { isolated, nameOf } from './names.ts';

/** The presence in words; empty while it is unknown. */
export function presenceText(presence: Presence | undefined): string {
  if (!presence) return '';
  const { status, lastSeenAt } = presence;
  if (status !== 'offline') return status;
  return lastSeenAt ? `last seen ${momentInWords(lastSeenAt)}` : '';
}

/** The mark at an avatar: a filled dot for online, a ring for away, nothing otherwise. */
export function PresenceDot({ userId }: { userId: string }) {
  const status = useChat().live.presenceOf(userId).value?.status ?? 'offline';
  if (status === 'offline') return null;
  return <span class={`presence-dot ${status}`} title={status} aria-hidden="true" />;
}

/** The same in words, for screen readers. */
export function PresenceWord({ userId }: { userId: string }) {
  const status = useChat().live.presenceOf(userId).value?.status ?? 'offline';
  return status === 'offline' ? null : <span class="hidden"> ({status})</span>;
}

/** Names the users who are typing in a conversation; empty when nobody is. */
export function typingText(chat: Chat, conversation: Conversation): string {
  const userIds = chat.live.typistsIn(conversation.id).value;
  if (userIds.length === 0) return '';
  if (userIds.length > 2) return 'Several people are typing …';
  const names = userIds.map((id) => {
    const user =
      conversation.participants.find(({ userId }) => userId === id)?.user ?? chat.people.of(id).value;
    return user ? isolated(nameOf(user)) : 'Somebody';
  });
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing …`;
}
