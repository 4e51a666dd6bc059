import type { Conversation, Role } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useChangesOf, useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Confirmation, Dialog } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { Field } from '../components/field.tsx';
import { SettingsForm, textOf } from '../components/form.tsx';
import { goTo } from '../route.ts';
import { AddPeople } from './add-people.tsx';
import { ParticipantEntry } from './participant-entry.tsx';

type Question =
  { readonly kind: 'leave' | 'delete' | 'hide' } | { readonly kind: 'hand-over'; readonly userId: string };

const QUESTIONS = {
  leave: {
    title: 'Leave this group?',
    text: 'You will not see it any more. Its owner or an admin can add you again.',
    action: 'Leave',
  },
  delete: {
    title: 'Delete this group?',
    text: 'The group and all its messages are deleted for everybody.',
    action: 'Delete for everybody',
  },
  'hand-over': {
    title: 'Hand this group over?',
    text: 'They become the owner, and you become an admin.',
    action: 'Hand over',
  },
  hide: {
    title: 'Hide this conversation?',
    text: 'It comes back with the next message.',
    action: 'Hide',
  },
} as const;

/** The participants of a conversation, and the actions on it. */
export function DetailsDialog({
  conversation,
  onClose,
}: {
  conversation: Conversation;
  onClose: () => void;
}) {
  const chat = useChat();
  useChangesOf(conversation);
  const attempt = useAttempt();
  // Separate from the actions, so that the user can start an action while the participants are loading.
  const loading = useAttempt();
  const [question, setQuestion] = useState<Question>();
  const { id, type, myRole } = conversation;
  const mayManage = type === 'group' && myRole !== 'member';
  const own = chat.ownId;
  useEffect(() => void loading.run(() => conversation.loadParticipants()), [id]);

  const act = (work: () => Promise<unknown>): Promise<boolean> => {
    loading.forget();
    return attempt.queue(work);
  };
  const setRole = (userId: string, role: Role): void => void act(() => conversation.setRole(userId, role));
  const confirmed = async (asked: Question): Promise<void> => {
    if (asked.kind === 'hand-over') return setRole(asked.userId, 'owner');
    const end = () => (asked.kind === 'leave' ? conversation.leave() : conversation.remove());
    if (!(await act(end))) return;
    onClose();
    goTo('/');
  };

  return (
    <Dialog title={type === 'group' ? 'About this group' : 'About this conversation'} onClose={onClose}>
      {mayManage ? (
        <Settings conversation={conversation} />
      ) : (
        conversation.description && <p dir="auto">{conversation.description}</p>
      )}
      <Failure text={attempt.failure ?? loading.failure} />
      <h3>Participants ({conversation.participants.length})</h3>
      <ul class="people">
        {conversation.participants.map((participant) => (
          <ParticipantEntry
            key={participant.userId}
            participant={participant}
            isSelf={participant.userId === own}
            myRole={type === 'group' ? myRole : 'member'}
            isBusy={attempt.isBusy}
            onRole={(role) => setRole(participant.userId, role)}
            onHandOver={() => setQuestion({ kind: 'hand-over', userId: participant.userId })}
            onRemove={() => void act(() => conversation.removeParticipant(participant.userId))}
          />
        ))}
      </ul>
      {mayManage && (
        <AddPeople
          conversation={conversation}
          isBusy={attempt.isBusy}
          onAdd={(userId) => void act(() => conversation.addParticipant(userId))}
        />
      )}
      <div class="buttons">
        {type === 'direct' && (
          <button type="button" onClick={() => setQuestion({ kind: 'hide' })}>
            Hide conversation
          </button>
        )}
        {type === 'group' && myRole !== 'owner' && (
          <button type="button" class="danger" onClick={() => setQuestion({ kind: 'leave' })}>
            Leave group
          </button>
        )}
        {myRole === 'owner' && (
          <button type="button" class="danger" onClick={() => setQuestion({ kind: 'delete' })}>
            Delete group
          </button>
        )}
      </div>
      {question && (
        <Confirmation
          {...QUESTIONS[question.kind]}
          onConfirm={() => void confirmed(question)}
          onClose={() => setQuestion(undefined)}
        />
      )}
    </Dialog>
  );
}

function Settings({ conversation }: { conversation: Conversation }) {
  const save = (fields: FormData): Promise<void> =>
    conversation.update({
      title: textOf(fields, 'title'),
      description: textOf(fields, 'description') || null,
    });
  return (
    <SettingsForm action="Save" save={save}>
      <Field
        label="Group name"
        name="title"
        defaultValue={conversation.title ?? ''}
        required
        maxLength={100}
        dir="auto"
      />
      <label>
        Description
        <textarea
          name="description"
          defaultValue={conversation.description ?? ''}
          maxLength={1_000}
          rows={2}
          dir="auto"
        />
      </label>
    </SettingsForm>
  );
}
