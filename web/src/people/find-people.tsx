import type { User } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { Failure } from '../components/failure.tsx';
import { inWords } from '../words.ts';
import { AskDialog } from './ask-dialog.tsx';
import { PersonAction, PersonEntry } from './person-entry.tsx';

/** There is no search while the user is typing. */
const PATIENCE_MS = 250;

/** People by the beginning of their username. */
export function FindPeople({ onBlock }: { onBlock: (user: User) => void }) {
  const { friends, ownId } = useChat();
  const [query, setQuery] = useState('');
  const [asked, setAsked] = useState<User>();
  const { found, failure } = useFound(query);
  const friendIds = new Set(friends.list.value?.map(({ id }) => id));
  const askedIds = new Set(friends.outgoing.value.map(({ recipient }) => recipient.id));
  const askedBy = new Set(friends.incoming.value.map(({ sender }) => sender.id));
  const blockedIds = new Set(friends.blocked.value.map(({ id }) => id));

  const relation = ({ id }: User): string | undefined => {
    if (id === ownId) return 'You';
    if (friendIds.has(id)) return 'Friend';
    if (askedIds.has(id)) return 'Asked';
    if (askedBy.has(id)) return 'Has asked you';
    return blockedIds.has(id) ? 'Blocked' : undefined;
  };

  return (
    <section>
      <label class="search">
        Find people
        <input
          type="search"
          value={query}
          placeholder="The beginning of a username"
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

function useFound(query: string): { found: readonly User[] | undefined; failure: string | undefined } {
  const { users } = useChat();
  const [found, setFound] = useState<readonly User[]>();
  const [failure, setFailure] = useState<string>();
  const wanted = query.trim().replace(/^@/, '');
  useEffect(() => {
    setFailure(undefined);
    if (wanted === '') return setFound(undefined);
    let isWanted = true;
    const ask = async (): Promise<void> => {
      try {
        const answer = await users.search(wanted);
        if (isWanted) setFound(answer);
      } catch (error) {
        if (isWanted) setFailure(inWords(error));
      }
    };
    const timer = setTimeout(() => void ask(), PATIENCE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [wanted]);
  return { found, failure };
}
