import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Failure } from '../components/failure.tsx';
import { PaneHead } from '../components/pane-head.tsx';
import { Person } from '../people/person.tsx';
import { follow, goTo, pathOf } from '../route.ts';

/** Creates a group with a name and chosen friends. */
export function NewGroupScreen() {
  const { client, friends } = useChat();
  const attempt = useAttempt();
  const [title, setTitle] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const list = friends.list.value;

  const choose = (id: string, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void attempt.run(async () => {
      const input = { type: 'group', title: title.trim(), participantIds: [...chosen] } as const;
      const { id } = await client.createConversation(input);
      goTo(pathOf(id));
    });
  };

  return (
    <div class="page">
      <PaneHead title="New group" />
      <form class="page-body fields" onSubmit={submit}>
        <label>
          Group name
          <input
            value={title}
            onInput={(event) => setTitle(event.currentTarget.value)}
            required
            maxLength={100}
            dir="auto"
          />
        </label>
        <fieldset>
          <legend>Members</legend>
          {list?.length === 0 && (
            <p class="muted">
              You have no friends here yet. You can create the group now and{' '}
              <a href="/friends" onClick={follow}>
                find people
              </a>{' '}
              to add later.
            </p>
          )}
          <ul class="people">
            {list?.map((user) => (
              <li key={user.id}>
                <label class="choice">
                  <input
                    type="checkbox"
                    checked={chosen.has(user.id)}
                    onChange={(event) => choose(user.id, event.currentTarget.checked)}
                  />
                  <Person user={user} />
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
        <Failure text={attempt.failure} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={attempt.isBusy || title.trim() === ''}>
            Create group
          </button>
        </div>
      </form>
    </div>
  );
}
