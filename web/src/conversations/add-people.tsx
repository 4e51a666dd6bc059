import type { Conversation } from '@xfchat/client';
import { useChangesOf, useChat } from '../context.ts';
import { PersonAction, PersonEntry } from '../people/person-entry.tsx';

interface AddProps {
  readonly conversation: Conversation;
  readonly isBusy: boolean;
  readonly onAdd: (userId: string) => void;
}

/** Lists the friends who are not in the group, and adds them. */
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
          <PersonEntry key={user.id} user={user}>
            <PersonAction user={user} text="Add" isDisabled={isBusy} onClick={() => onAdd(user.id)} />
          </PersonEntry>
        ))}
      </ul>
    </>
  );
}
