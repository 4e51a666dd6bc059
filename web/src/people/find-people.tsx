import type { User } from '@xfchat/client';
import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAnswer } from '../components/answer.ts';
import { Failure } from '../components/failure.tsx';
import { AskDialog } from './ask-dialog.tsx';
import { PersonAction, PersonEntry } from './person-entry.tsx';

/** Finds people by the start of their username. */
export function FindPeople({ onBlock }: { onBlock: (user: User) => void }) {
  const { friends, ownId, users } = useChat();
  const [query, setQuery] = useState('');
  const [asked, setAsked] = useState<User>();
  const { answer: found, failure } = useAnswer(query.trim().replace(/^@/, ''), (wanted) =>
    users.search(wanted),
  );
  const friendIds = new Set(friends.list.value?.map(({ id }) => id));
  const askedIds = new Set(friends.outgoing.value.map(({ recipient }) => recipient.id));
  const askedBy = new Set(friends.incoming.value.map(({ sender }) => sender.id));
  const blockedIds = new Set(friends.blocked.value.map(({ id }) => id));

  const relation = ({ id }: User): string | undefined => {
    if (id === ownId) return 'You';
    if (friendIds.has(id)) return 'Friend';
    if (askedIds.has(id)) return 'Request sent';
    if (askedBy.has(id)) return 'Wants to be friends';
    return blockedIds.has(id) ? 'Blocked' : undefined;
  };

  return (
    <section>
      <label class="search">
        Find people
        <input
          type="search"
          value={query}
          placeholder="Start of a username"
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      <Failure text={failure} />
      <p role="status" class="muted">
        {found?.length === 0 && `No username starts with “${query}”.`}
      </p>
      <ul class="people">
        {found?.map((user) => (
          <PersonEntry key={user.id} user={user}>
            {relation(user) ? (
              <span class="muted">{relation(user)}</span>
            ) : (
              <>
                <PersonAction user={user} text="Add friend" isPrimary onClick={() => setAsked(user)} />
                <PersonAction user={user} text="Block" onClick={() => onBlock(user)} />
              </>
            )}
          </PersonEntry>
        ))}
      </ul>
      {asked && <AskDialog user={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}
