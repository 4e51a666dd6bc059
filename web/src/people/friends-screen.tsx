import type { User } from '@xfchat/client';
import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Confirmation } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { PaneHead } from '../components/pane-head.tsx';
import { goTo, pathOf } from '../route.ts';
import { FindPeople } from './find-people.tsx';
import { PersonAction, PersonEntry } from './person-entry.tsx';
import { Requests } from './requests.tsx';
import { isolated, nameOf } from './names.ts';
import { presenceText } from './presence.tsx';

type Question = { readonly kind: 'remove' | 'block'; readonly user: User };

/** Shows the search for people, friend requests, friends and blocked users. */
export function FriendsScreen() {
  const { client, friends, live } = useChat();
  const attempt = useAttempt();
  const [question, setQuestion] = useState<Question>();
  const list = friends.list.value;

  const write = (user: User): void =>
    void attempt.queue(async () => {
      const { id } = await client.createConversation({ type: 'direct', participantIds: [user.id] });
      goTo(pathOf(id));
    });

  return (
    <div class="page">
      <PaneHead title="Friends" />
      <div class="page-body">
        <FindPeople onBlock={(user) => setQuestion({ kind: 'block', user })} />
        <Failure text={attempt.failure} />
        <Requests attempt={attempt} />
        <section>
          <h3>Your friends</h3>
          {list?.length === 0 && <p class="muted">No friends yet. Find people by their username above.</p>}
          <ul class="people">
            {list?.map((user) => (
              <PersonEntry
                key={user.id}
                user={user}
                note={presenceText(live.presenceOf(user.id).value) || undefined}
              >
                <PersonAction
                  user={user}
                  text="Write"
                  label="Write to"
                  isPrimary
                  onClick={() => write(user)}
                />
                <PersonAction
                  user={user}
                  text="Remove"
                  onClick={() => setQuestion({ kind: 'remove', user })}
                />
                <PersonAction user={user} text="Block" onClick={() => setQuestion({ kind: 'block', user })} />
              </PersonEntry>
            ))}
          </ul>
        </section>
        <Blocked onUnblock={(user) => void attempt.queue(() => friends.unblock(user))} />
      </div>
      {question?.kind === 'remove' && (
        <Confirmation
          title={`Remove ${isolated(nameOf(question.user))}?`}
          text="You will no longer be friends. Your messages to each other stay."
          action="Remove"
          onConfirm={() => void attempt.queue(() => friends.remove(question.user))}
          onClose={() => setQuestion(undefined)}
        />
      )}
      {question?.kind === 'block' && (
        <Confirmation
          title={`Block ${isolated(nameOf(question.user))}?`}
          text="You will no longer be friends, and you cannot write to each other. They are not notified."
          action="Block"
          onConfirm={() => void attempt.queue(() => friends.block(question.user))}
          onClose={() => setQuestion(undefined)}
        />
      )}
    </div>
  );
}

function Blocked({ onUnblock }: { onUnblock: (user: User) => void }) {
  const blocked = useChat().friends.blocked.value;
  if (blocked.length === 0) return null;
  return (
    <section>
      <h3>Blocked</h3>
      <ul class="people">
        {blocked.map((user) => (
          <PersonEntry key={user.id} user={user}>
            <PersonAction user={user} text="Unblock" onClick={() => onUnblock(user)} />
          </PersonEntry>
        ))}
      </ul>
    </section>
  );
}
