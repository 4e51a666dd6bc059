import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../frame/attempt.ts';
import { Failure } from '../frame/failure.tsx';

export function PasswordForm() {
  const { client, user } = useChat();
  const attempt = useAttempt();
  const [isDone, setDone] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const body = Object.fromEntries(new FormData(form));
    const isChanged = await attempt.run(() => client.request('PUT', '/auth/password', body));
    setDone(isChanged);
    if (isChanged) form.reset();
  };
  return (
    <section>
      <h3>Password</h3>
      <form class="fields" onSubmit={(event) => void submit(event)} onInput={() => setDone(false)}>
        {/* For password managers: whose it is. */}
        <input type="text" autocomplete="username" value={user.value?.username} readOnly hidden />
        <label>
          Current password
          <input name="currentPassword" type="password" autocomplete="current-password" required />
        </label>
        <label>
          New password
          <input
            name="newPassword"
            type="password"
            autocomplete="new-password"
            required
            minLength={8}
            maxLength={128}
          />
        </label>
        <Failure text={attempt.failure} />
        <div class="buttons">
          <span role="status" class="muted">
            {isDone && 'Changed. Your other devices were signed out.'}
          </span>
          <button type="submit" disabled={attempt.isBusy}>
            Change password
          </button>
        </div>
      </form>
    </section>
  );
}
