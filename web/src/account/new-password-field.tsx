import { Field } from '../components/field.tsx';

/** Where somebody who has an account types the password that it will have. */
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
