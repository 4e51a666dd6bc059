import type { User } from '@xfchat/client';
import type { ComponentChildren } from 'preact';
import { Person } from './person.tsx';
import { nameOf } from './names.ts';

interface EntryProps {
  readonly user: User;
  readonly note?: string | undefined;
  /** The message of the request. */
  readonly text?: string | null;
  /** The actions on the user, or their relationship. */
  readonly children?: ComponentChildren;
}

/** An entry in a list of people. */
export function PersonEntry({ user, note, text, children }: EntryProps) {
  return (
    <li>
      <Person user={user} note={note} />
      <span class="actions">{children}</span>
      {text && (
        <p class="person-text" dir="auto">
          {text}
        </p>
      )}
    </li>
  );
}

interface ActionProps {
  readonly user: User;
  readonly text: string;
  /** Precedes the name in the label for screen readers. */
  readonly label?: string;
  readonly isPrimary?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

/** A button in the entry of a person. */
export function PersonAction({ user, text, label = text, isPrimary, isDisabled, onClick }: ActionProps) {
  return (
    <button
      type="button"
      class={isPrimary ? 'primary' : undefined}
      aria-label={`${label} ${nameOf(user)}`}
      disabled={isDisabled}
      onClick={onClick}
    >
      {text}
    </button>
  );
}
