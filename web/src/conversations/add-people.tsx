import type { Conversation } from '@xfchat/client';
import { useChangesOf, useChat } from '../context.ts';
import { Person } from '../people/person.tsx';

interface AddProps {
  readonly conversation: Conversation;
  readonly isBusy: boolean;
  readonly onAdd: (userId: string) => void;
}

/** One's friends who are not in the group. */
export function AddPeople({ conversation, isBusy, onAdd }: AddProps) {
  const { friends } = useChat();
  useChangesOf(conversation);
  const present = new Set(conversation.participants.map(({ userId }) => userId));
  const others = (friends.list.value ?? []).filter(({ id }) => !present.has(id));
  if (others.length === 0) return null;
  return (
    <>
      <h3>Add friends</h3>
      <ul class="people">
        {others.map((user) => (
          <li key={user.id}>
            <Person user={user} />
            <button
              type="button"
              aria-label={`Add ${user.displayName}`}
              disabled={isBusy}
              onClick={() => onAdd(user.id)}
            >
              Add
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
