import type { User } from '@xfchat/client';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { Form, textOf } from '../components/form.tsx';
import { isolated, nameOf } from './names.ts';

/** Sends a friend request, with an optional message. */
export function AskDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { friends } = useChat();
  const attempt = useAttempt();
  const submit = async (fields: FormData): Promise<void> => {
    if (await attempt.run(() => friends.ask(user.username, textOf(fields, 'message')))) onClose();
  };
  return (
    <Dialog title={`Ask ${isolated(nameOf(user))} to be friends`} onClose={onClose}>
      <Form
        attempt={attempt}
        class="fields"
        submit={(fields) => void submit(fields)}
        buttons={
          <div class="buttons">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={attempt.isBusy}>
              Send request
            </button>
          </div>
        }
      >
        <Field
          label="Message (optional)"
          name="message"
          maxLength={500}
          placeholder="For example: We met at the exhibition"
          autocomplete="off"
          autofocus
          dir="auto"
        />
      </Form>
    </Dialog>
  );
}
