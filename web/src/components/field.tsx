import type { InputHTMLAttributes } from 'preact';
import { useContext, useId } from 'preact/hooks';
import { Failure } from './failure.tsx';
import { FieldFailure } from './form.tsx';

type FieldProps = InputHTMLAttributes & {
  readonly label: string;
  readonly name: string;
  readonly hint?: string | undefined;
};

/** One field of a form, with its hint and the server's error about it. */
export function Field({ label, hint, ...input }: FieldProps) {
  const id = useId();
  const refused = useContext(FieldFailure);
  const failure = refused?.field === input.name ? refused.failure : undefined;
  return (
    <div class="field">
      <label>
        {label}
        <input
          {...input}
          aria-invalid={failure ? true : undefined}
          aria-describedby={hint || failure ? id : undefined}
        />
      </label>
      <div id={id}>
        {hint && <p class="hint">{hint}</p>}
        <Failure text={failure} />
      </div>
    </div>
  );
}
