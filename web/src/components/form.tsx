import { createContext, type ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useAttempt, type Attempt } from './attempt.ts';
import { Failure } from './failure.tsx';

/** The server's error about a field of this form. */
export const FieldFailure = createContext<Pick<Attempt, 'field' | 'failure'> | undefined>(undefined);

interface FormProps {
  readonly attempt: Attempt;
  readonly class: string;
  readonly submit: (fields: FormData, form: HTMLFormElement) => void;
  readonly onInput?: () => void;
  readonly children: ComponentChildren;
  /** Content below the fields and the error text. */
  readonly buttons: ComponentChildren;
}

/** Fields that are sent together. An error about a field is shown at that field, which gets the focus. */
export function Form({ attempt, submit, children, buttons, ...rest }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const { field, failure } = attempt;
  const refused = field === undefined ? null : (form.current?.elements.namedItem(field) ?? null);
  useLayoutEffect(() => {
    if (refused instanceof HTMLElement) refused.focus();
  }, [refused, failure]);
  return (
    <form
      ref={form}
      {...rest}
      onSubmit={(event) => {
        event.preventDefault();
        submit(new FormData(event.currentTarget), event.currentTarget);
      }}
    >
      <FieldFailure.Provider value={refused ? { field, failure } : undefined}>
        {children}
      </FieldFailure.Provider>
      <Failure text={refused ? undefined : failure} />
      {buttons}
    </form>
  );
}

/** The value of a field, without the spaces around it. */
export function textOf(fields: FormData, name: string): string {
  return ((fields.get(name) as string | null) ?? '').trim();
}

interface SettingsFormProps {
  /** The label of the button. */
  readonly action: string;
  /** The text after success. */
  readonly done?: string;
  readonly save: (fields: FormData, form: HTMLFormElement) => Promise<unknown>;
  readonly children: ComponentChildren;
}

/** A form that stays open. It confirms success until the user changes a field. */
export function SettingsForm({ action, done = 'Saved.', save, children }: SettingsFormProps) {
  const attempt = useAttempt();
  const [isDone, setDone] = useState(false);
  const submit = async (fields: FormData, form: HTMLFormElement): Promise<void> => {
    setDone(await attempt.run(() => save(fields, form)));
  };
  return (
    <Form
      attempt={attempt}
      class="fields"
      submit={(fields, form) => void submit(fields, form)}
      onInput={() => setDone(false)}
      buttons={
        <div class="buttons">
          <span role="status" class="muted">
            {isDone && done}
          </span>
          <button type="submit" class="primary" disabled={attempt.isBusy}>
            {action}
          </button>
        </div>
      }
    >
      {children}
    </Form>
  );
}
