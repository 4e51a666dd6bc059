import type { Conversation, Message } from '@xfchat/client';
import { nameOf } from '../people/names.ts';
import type { MessageActions } from './message-actions.ts';

type Reaction = Message['reactions'][number];

interface ReactionRowProps {
  readonly message: Message;
  readonly conversation: Conversation;
  readonly ownUserId: string;
  readonly isCurrent: boolean;
  readonly actions: MessageActions;
}

/** The reactions to a message. A click on one adds the user's own reaction, or removes it. */
export function ReactionRow({ message, conversation, ownUserId, isCurrent, actions }: ReactionRowProps) {
  if (message.reactions.length === 0) return null;
  return (
    <ul class="reactions" aria-label="Reactions">
      {message.reactions.map((reaction) => {
        const isOwn = reaction.userIds.includes(ownUserId);
        const names = namesOf(reaction, conversation, ownUserId);
        return (
          <li key={reaction.emoji}>
            <button
              type="button"
              class="reaction"
              aria-pressed={isOwn}
              title={names}
              tabIndex={isCurrent ? 0 : -1}
              onClick={() => actions.toggleReaction(message, reaction.emoji)}
            >
              <span class="emoji">{reaction.emoji}</span> <span>{reaction.count}</span>
              <span class="hidden"> by {names}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The people of a reaction, such as `You, Ben and 3 others`. People without a known name are counted. */
function namesOf({ userIds, count }: Reaction, { participants }: Conversation, ownUserId: string): string {
  const users = new Map(participants.map(({ userId, user }) => [userId, user]));
  const others = userIds.filter((id) => id !== ownUserId).flatMap((id) => users.get(id) ?? []);
  const known = [...(userIds.includes(ownUserId) ? ['You'] : []), ...others.map(nameOf)];
  const left = count - known.length;
  const rest = left === 1 ? 'one other' : `${left} others`;
  const all = left > 0 ? [...known, rest] : known;
  return all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1)}` : (all[0] ?? '');
}
