import type { Message } from '@xfchat/client';
import { Icon, type IconName } from '../components/icon.tsx';
import type { MessageActions } from './message-actions.ts';

interface ToolbarProps {
  readonly message: Message;
  readonly isOwn: boolean;
  readonly mayDelete: boolean;
  readonly mayPin: boolean;
  readonly isCurrent: boolean;
  readonly isUnderPointer: boolean;
  readonly actions: MessageActions;
}

/**
 * The buttons of a message that the pointer is on or that has the focus. Other messages only reserve the space, because
 * rendering the buttons would double the cost of a message.
 */
export function MessageToolbar({
  message,
  isOwn,
  mayDelete,
  mayPin,
  isCurrent,
  isUnderPointer,
  actions,
}: ToolbarProps) {
  const wasEdited = message.editedAt !== null;
  const count = [true, true, isOwn, wasEdited, mayPin, mayDelete].filter(Boolean).length;
  const tool = (icon: IconName, label: string, action: (message: Message) => void) => (
    <button
      type="button"
      class="quiet tool"
      aria-label={label}
      title={label}
      tabIndex={isCurrent ? 0 : -1}
      onClick={() => action(message)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <div class={`toolbar tools-${count}`}>
      {(isCurrent || isUnderPointer) && (
        <>
          {tool('smile', 'React', actions.react)}
          {tool('reply', 'Reply', actions.reply)}
          {isOwn && tool('edit', 'Edit', actions.edit)}
          {wasEdited && tool('history', 'Earlier versions', actions.showHistory)}
          {mayPin && tool('pin', message.pinnedAt === null ? 'Pin' : 'Unpin', actions.togglePin)}
          {mayDelete && tool('trash', 'Delete', actions.delete)}
        </>
      )}
    </div>
  );
}
