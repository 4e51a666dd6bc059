import { useState } from 'preact/hooks';
import { useAttempt } from '../components/attempt.ts';
import { Form } from '../components/form.tsx';
import { NewPasswordField } from './new-password-field.tsx';
import { publicAccess } from './public-access.ts';

export const RESET_PASSWORD_PATH = '/reset-password';

/**
 * The page for links that `xfchat user reset-password` prints: `/reset-password#xfp_…`. Browsers do not send the part after
 * `#`, so the code appears in no request for a page.
 */
export function ResetPasswordPage() {
  const attempt = useAttempt();
  const [code] = useState(() => location.hash.slice(1));
  const [isDone, setDone] = useState(false);

  const submit = async (fields: FormData): Promise<void> => {
    const newPassword = fields.get('newPassword') as string;
    setDone(await attempt.run(() => publicAccess.resetPassword({ code, newPassword })));
  };

  if (isDone)
    return (
      <main class="sign-in">
        <div class="card">
          <h1>XFChat</h1>
          <p role="status">Your password was changed. You were signed out on all devices.</p>
          <a href="/">Sign in</a>
        </div>
      </main>
    );
  return (
    <main class="sign-in">
      <Form
        attempt={attempt}
        class="card"
        submit={(fields) => void submit(fields)}
        buttons={
          <button type="submit" class="primary" disabled={attempt.isBusy}>
            Set password
          </button>
        }
      >
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>XFChat</h1>
        <p class="muted">Choose a new password.</p>
        <NewPasswordField hint="At least 8 characters. Common passwords are not accepted." />
      </Form>
    </main>
  );
}
