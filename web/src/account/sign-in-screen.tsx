import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Field } from '../components/field.tsx';
import { Form, textOf } from '../components/form.tsx';
import { codeInWords } from '../words.ts';
import { invitationInAddress, useRegistrationPolicy } from './registration.ts';

/** Signs in to an account, or creates one. */
export function SignInScreen() {
  const chat = useChat();
  const attempt = useAttempt();
  const policy = useRegistrationPolicy();
  const [invited] = useState(invitationInAddress);
  const [wantsAccount, setNew] = useState(invited !== undefined);
  const isNew = wantsAccount && policy !== 'closed';
  const needsInvitation = isNew && policy === 'invite';
  const endedBy = chat.endedBy.value;

  const submit = (fields: FormData): void => {
    const [username, displayName] = [textOf(fields, 'username'), textOf(fields, 'displayName')];
    const password = fields.get('password') as string;
    const invitation = textOf(fields, 'invitation');
    const account = {
      username,
      password,
      ...(displayName && { displayName }),
      ...(invitation && { invitation }),
    };
    void attempt.run(() => (isNew ? chat.signUp(account) : chat.signIn(username, password)));
  };

  return (
    <main class="sign-in">
      <Form
        attempt={attempt}
        class="card"
        submit={submit}
        buttons={
          <>
            <button type="submit" class="primary" disabled={attempt.isBusy}>
              {isNew ? 'Create account' : 'Sign in'}
            </button>
            {policy === 'closed' && <p class="switch">This server does not accept new accounts.</p>}
            <p class="switch" hidden={policy === undefined || policy === 'closed'}>
              {isNew ? 'Already have an account?' : 'New here?'}{' '}
              <button
                type="button"
                class="link"
                onClick={() => {
                  attempt.forget();
                  setNew(!wantsAccount);
                }}
              >
                {isNew ? 'Sign in' : 'Create an account'}
              </button>
            </p>
          </>
        }
      >
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>XFChat</h1>
        <p class="muted">{isNew ? 'Create an account to get started.' : 'Sign in to continue.'}</p>
        {endedBy && <p class="note">{codeInWords(endedBy)}</p>}
        {needsInvitation && (
          <Field
            label="Invitation"
            name="invitation"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            maxLength={64}
            value={invited}
            hint="The code that you got from the people who run this server."
          />
        )}
        <Field
          label={isNew ? 'Username' : 'Username or e-mail'}
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          hint={
            isNew
              ? '3 to 32 letters, digits, dots, dashes or underscores. Others find you by this name.'
              : undefined
          }
          // Both forms share this input, so the limits always have a value: a removed one would become 0.
          pattern={isNew ? '[A-Za-z0-9._\\-]{3,32}' : '.+'}
          maxLength={isNew ? 32 : 254}
        />
        {isNew && (
          <Field
            label="Display name (optional)"
            name="displayName"
            autocomplete="name"
            maxLength={64}
            dir="auto"
          />
        )}
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete={isNew ? 'new-password' : 'current-password'}
          required
          hint={isNew ? 'At least 8 characters. Common passwords are not accepted.' : undefined}
          minLength={isNew ? 8 : 1}
          maxLength={128}
        />
      </Form>
    </main>
  );
}
