import { XFChatError } from '@xfchat/client';
import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { Form } from '../components/form.tsx';
import { FieldError } from '../words.ts';

type Messages = 'keep' | 'remove';

const CHOICES: readonly [Messages, string][] = [
  ['keep', 'Keep my messages, without my name'],
  ['remove', 'Delete my messages for everybody'],
];

/** Erases the account, after a confirmation with the password. */
export function EraseAccount() {
  const [isAsked, setAsked] = useState(false);
  return (
    <section>
      <h3>Erase account</h3>
      <p class="muted">
        Your profile and your friends list are deleted, and you leave all conversations. This cannot be
        undone.
      </p>
      <div class="buttons start">
        <button type="button" class="danger" onClick={() => setAsked(true)}>
          Erase my account …
        </button>
      </div>
      {isAsked && <Question onClose={() => setAsked(false)} />}
    </section>
  );
}

function Question({ onClose }: { onClose: () => void }) {
  const { client, user } = useChat();
  const attempt = useAttempt();
  const [messages, setMessages] = useState<Messages>();
  const erase = async (password: string): Promise<void> => {
    try {
      await client.eraseAccount({ password, messages: messages! });
    } catch (error) {
      if (!(error instanceof XFChatError) || error.code !== 'invalid-credentials') throw error;
      throw new FieldError('password', 'Wrong password.');
    }
  };
  return (
    <Dialog title="Erase your account?" onClose={onClose}>
      <p>
        You will be signed out on all devices, and nobody will be able to find you. In groups that you own,
        the longest-serving admin or member becomes the owner. Nobody can restore your account.
      </p>
      <Form
        attempt={attempt}
        class="fields"
        submit={(fields) => void attempt.run(() => erase(fields.get('password') as string))}
        buttons={
          <div class="buttons">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="danger" disabled={attempt.isBusy || !messages}>
              Erase my account
            </button>
          </div>
        }
      >
        <fieldset>
          <legend>What should happen to your messages?</legend>
          {CHOICES.map(([value, label]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="messages"
                required
                checked={messages === value}
                onChange={() => setMessages(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        {/* Tells password managers which account the password belongs to. */}
        <input type="text" autocomplete="username" value={user.username} readOnly hidden />
        <Field
          label="Your password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
        />
      </Form>
    </Dialog>
  );
}
