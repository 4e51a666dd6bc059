import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../frame/attempt.ts';
import { Failure } from '../frame/failure.tsx';
import { codeInWords } from '../words.ts';

/** For those who are not signed in: into an account that they have, or that they make. */
export function SignInScreen() {
  const chat = useChat();
  const attempt = useAttempt();
  const [isNew, setNew] = useState(false);
  const endedBy = chat.endedBy.value;

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string): string => form.get(name) as string;
    const [username, password, displayName] = [
      field('username').trim(),
      field('password'),
      field('displayName'),
    ];
    void attempt.run(() =>
      isNew
        ? chat.signUp({ username, password, ...(displayName?.trim() && { displayName: displayName.trim() }) })
        : chat.signIn(username, password),
    );
  };

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>XFChat</h1>
        <p class="muted">{isNew ? 'Make an account to begin.' : 'Sign in to go on.'}</p>
        {endedBy && <p class="note">{codeInWords(endedBy)}</p>}
        <label>
          {isNew ? 'Username' : 'Username or e-mail'}
          <input
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            aria-describedby={isNew ? 'username-hint' : undefined}
            {...(isNew && { pattern: '[A-Za-z0-9._\\-]{3,32}', maxLength: 32 })}
          />
        </label>
        {isNew && (
          <p class="hint" id="username-hint">
            3 to 32 letters, digits, dots, dashes. Others find you by it.
          </p>
        )}
        {isNew && (
          <label>
            Name that others see (optional)
            <input name="displayName" autocomplete="name" maxLength={64} dir="auto" />
          </label>
        )}
        <label>
          Password
          <input
            name="password"
            type="password"
            autocomplete={isNew ? 'new-password' : 'current-password'}
            required
            aria-describedby={isNew ? 'password-hint' : undefined}
            {...(isNew && { minLength: 8, maxLength: 128 })}
          />
        </label>
        {isNew && (
          <p class="hint" id="password-hint">
            At least 8 characters, and not one that everybody uses.
          </p>
        )}
        <Failure text={attempt.failure} />
        <button type="submit" class="primary" disabled={attempt.isBusy}>
          {isNew ? 'Make account' : 'Sign in'}
        </button>
        <p class="switch">
          {isNew ? 'You have an account?' : 'You are new here?'}{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              attempt.forget();
              setNew(!isNew);
            }}
          >
            {isNew ? 'Sign in' : 'Make an account'}
          </button>
        </p>
      </form>
    </main>
  );
}
