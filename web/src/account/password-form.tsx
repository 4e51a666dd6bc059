import { XFChatError } from '@xfchat/client';
import { useChat } from '../context.ts';
import { Field } from '../components/field.tsx';
import { SettingsForm } from '../components/form.tsx';
import { FieldError } from '../words.ts';
import { NewPasswordField } from './new-password-field.tsx';

export function PasswordForm() {
  const { profile, user } = useChat();
  const save = async (fields: FormData, form: HTMLFormElement): Promise<void> => {
    try {
      await profile.changePassword({
        currentPassword: fields.get('currentPassword') as string,
        newPassword: fields.get('newPassword') as string,
      });
    } catch (error) {
      if (!(error instanceof XFChatError) || error.code !== 'invalid-credentials') throw error;
      throw new FieldError('currentPassword', 'Your current password is wrong.');
    }
    form.reset();
  };
  return (
    <section>
      <h3>Password</h3>
      <SettingsForm
        action="Change password"
        done="Password changed. Your other devices were signed out."
        save={save}
      >
        {/* Tells password managers which account the password belongs to. */}
        <input type="text" autocomplete="username" value={user.username} readOnly hidden />
        <Field
          label="Current password"
          name="currentPassword"
          type="password"
          autocomplete="current-password"
          required
        />
        <NewPasswordField />
      </SettingsForm>
    </section>
  );
}
