import { useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { Confirmation } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { SettingsForm, textOf } from '../components/form.tsx';
import { PaneHead } from '../components/pane-head.tsx';
import { chooseTheme, theme, type Theme } from '../components/theme.ts';
import { EraseAccount } from './erase-account.tsx';
import { Devices } from './devices.tsx';
import { PasswordForm } from './password-form.tsx';
import { PresenceSettings } from './presence-settings.tsx';

export function SettingsScreen() {
  return (
    <div class="page">
      <PaneHead title="Settings" />
      <div class="page-body">
        <Profile />
        <PresenceSettings />
        <Appearance />
        <Devices />
        <PasswordForm />
        <SignOut />
        <EraseAccount />
      </div>
    </div>
  );
}

function Profile() {
  const chat = useChat();
  const { user, profile } = chat;
  const save = async (fields: FormData): Promise<void> => {
    const [displayName, status] = [textOf(fields, 'displayName'), textOf(fields, 'status')];
    await profile.update({ displayName, status: status || null });
    await chat.reloadProfile();
  };
  return (
    <section>
      <h3>Profile</h3>
      <SettingsForm action="Save profile" save={save}>
        <p class="muted">
          Your username is <strong>{user.username}</strong>
          {user.email && <>, and your e-mail address is {user.email}</>}.
        </p>
        <Field
          label="Display name"
          name="displayName"
          defaultValue={user.displayName}
          required
          maxLength={64}
          dir="auto"
        />
        <Field
          label="Status"
          name="status"
          defaultValue={user.status ?? ''}
          maxLength={140}
          placeholder="For example: On holiday"
          dir="auto"
        />
      </SettingsForm>
    </section>
  );
}

const THEMES: readonly [Theme, string][] = [
  ['system', 'Use system setting'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function Appearance() {
  return (
    <section>
      <fieldset class="themes">
        <legend>Appearance</legend>
        {THEMES.map(([value, label]) => (
          <label key={value} class="choice">
            <input
              type="radio"
              name="theme"
              checked={theme.value === value}
              onChange={() => chooseTheme(value)}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function SignOut() {
  const { client } = useChat();
  const [isAsked, setAsked] = useState(false);
  const unsent = client.conversations.flatMap(({ outgoing }) => outgoing).length;
  const signOut = (): void => void client.signOut();
  return (
    <section>
      <h3>Sign out</h3>
      <p class="muted">Signing out deletes your data from this device.</p>
      <div class="buttons start">
        <button type="button" class="danger" onClick={() => (unsent > 0 ? setAsked(true) : signOut())}>
          Sign out
        </button>
      </div>
      {isAsked && (
        <Confirmation
          title="Sign out now?"
          text={`${unsent === 1 ? 'One message has' : `${unsent} messages have`} not been sent yet and will be lost.`}
          action="Sign out"
          onConfirm={signOut}
          onClose={() => setAsked(false)}
        />
      )}
    </section>
  );
}
