import { Field } from '../components/field.tsx';

/** The field for the new password of an existing account. */
export function NewPasswordField({ hint }: { hint?: string }) {
  return (
    <Field
      label="New password"
      name="newPassword"
      type="password"
      autocomplete="new-password"
      required
      minLength={8}
      maxLength={128}
      hint={hint}
    />
  );
}
