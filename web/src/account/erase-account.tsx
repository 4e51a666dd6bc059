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
  ['keep', 'Leave what I wrote, without my name'],
  ['remove', 'Delete what I wrote, for everybody'],
];

/** The way out for good. */
export function EraseAccount() {
  const [isAsked, setAsked] = useState(false);
  return (
    <section>
      <h3>Erase account</h3>
      <p class="muted">
        Your profile, your friends and your place in all conversations go. That cannot be taken back.
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
      throw new FieldError('password', 'This is not your password.');
    }
  };
  return (
    <Dialog title="Erase your account?" onClose={onClose}>
      <p>
        You are signed out everywhere, and nobody can find you any more. Groups of yours go on with their
        oldest admin or member as the owner. Nobody can bring your account back.
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
          <legend>What becomes of your messages?</legend>
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
        {/* For password managers: whose it is. */}
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
