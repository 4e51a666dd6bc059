import type { Message } from '@xfchat/client';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { textOf } from '../components/form.tsx';

/** The usual emoji, with the names that screen readers say. */
const QUICK = [
  ['👍', 'Thumbs up'],
  ['❤️', 'Heart'],
  ['😂', 'Tears of joy'],
  ['😮', 'Surprised'],
  ['😢', 'Crying'],
  ['🙏', 'Thank you'],
] as const;

interface ReactionDialogProps {
  readonly message: Message;
  readonly ownUserId: string;
  /** Adds the user's reaction, or removes it. */
  readonly onToggle: (emoji: string) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Lets the user choose an emoji: one of the usual ones, or any other by typing it. */
export function ReactionDialog({ message, ownUserId, onToggle, onClose }: ReactionDialogProps) {
  const attempt = useAttempt();
  const toggle = async (emoji: string): Promise<void> => {
    if (await attempt.run(() => onToggle(emoji))) onClose();
  };
  const isOwn = (emoji: string): boolean =>
    message.reactions.some((reaction) => reaction.emoji === emoji && reaction.userIds.includes(ownUserId));
  return (
    <Dialog title="React" onClose={onClose}>
      <div class="quick-reactions">
        {QUICK.map(([emoji, name]) => (
          <button
            key={emoji}
            type="button"
            class="quiet quick-reaction"
            aria-label={name}
            aria-pressed={isOwn(emoji)}
            title={name}
            onClick={() => void toggle(emoji)}
          >
            <span class="emoji">{emoji}</span>
          </button>
        ))}
      </div>
      <form
        class="other-reaction"
        onSubmit={(event) => {
          event.preventDefault();
          void toggle(textOf(new FormData(event.currentTarget), 'emoji').trim());
        }}
      >
        <label>
          Another emoji
          <input name="emoji" required maxLength={32} autocomplete="off" />
        </label>
        <button type="submit" class="primary" disabled={attempt.isBusy}>
          React
        </button>
      </form>
      <Failure text={attempt.failure} />
    </Dialog>
  );
}
