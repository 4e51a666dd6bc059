import type { Message } from '@xfchat/client';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Failure } from '../components/failure.tsx';
import { Icon, type IconName } from '../components/icon.tsx';

/** The longest message in Unicode code points, which the server counts too. */
const MAX_LENGTH = 4_000;
/** From this length on, the composer shows how many characters are left. */
const TELL_FROM = 3_600;

interface ComposerProps {
  readonly label: string;
  readonly initialText: string;
  /** The message that the user replies to or edits. */
  readonly about: { readonly kind: 'reply' | 'edit'; readonly message: Message } | undefined;
  readonly isBusy: boolean;
  /** A dialog is open in front of the composer. It gets the focus back afterwards. */
  readonly isCovered: boolean;
  /** Messages wait on this device, because the server cannot take them now. */
  readonly isWaiting: boolean;
  readonly failure: string | undefined;
  readonly onText: (text: string) => void;
  /** @returns whether the message was taken; otherwise the composer keeps the text */
  readonly onSubmit: (text: string) => Promise<boolean>;
  readonly onCancel: () => void;
  /** Called on the up arrow in an empty field: the user wants to edit their last message. */
  readonly onEditLast: () => void;
}

/** The text field. Enter sends; Shift+Enter begins a new line. */
export function Composer(props: ComposerProps) {
  const {
    label,
    initialText,
    about,
    isBusy,
    isCovered,
    isWaiting,
    failure,
    onText,
    onSubmit,
    onCancel,
    onEditLast,
  } = props;
  const [text, setText] = useState(initialText);
  const written = useRef(initialText);
  const field = useRef<HTMLTextAreaElement>(null);
  const length = [...text].length;
  const send = sendButton(about?.kind === 'edit', isWaiting);
  const isTooLong = length > MAX_LENGTH;

  useEffect(() => {
    if (isCovered) return;
    // On a phone, the focus would open the keyboard, which covers the messages.
    if (!about && !matchMedia('(hover: hover)').matches) return;
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [about, isCovered]);

  useLayoutEffect(() => {
    const { style, scrollHeight } = resetHeight(field.current!);
    style.height = `${scrollHeight}px`;
  }, [text]);

  const show = (next: string): void => {
    written.current = next;
    setText(next);
  };
  const write = (next: string): void => {
    show(next);
    onText(next);
  };

  const submit = async (): Promise<void> => {
    if (text.trim() === '' || isTooLong || isBusy) return;
    if (about?.kind === 'edit') return void (await onSubmit(text));
    // Empty the field at once for the next message. The draft stays until the message is stored.
    show('');
    if (await onSubmit(text)) onText(written.current);
    else write(text);
  };

  const keyPressed = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'Escape' && about) onCancel();
    else if (event.key === 'ArrowUp' && text === '' && !about) {
      event.preventDefault();
      onEditLast();
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {about && (
        <div class="about">
          <Icon name={about.kind} />
          <p>
            <strong>{about.kind === 'edit' ? 'Editing your message' : 'Replying to'}</strong>
            <span class="about-text" dir="auto">
              {about.message.body}
            </span>
          </p>
          <button type="button" class="quiet round" aria-label="Cancel" onClick={onCancel}>
            <Icon name="close" />
          </button>
        </div>
      )}
      <Failure text={isTooLong ? tooLong(length - MAX_LENGTH) : failure} />
      <div class="composer-line">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={
            about?.kind === 'edit' ? label : isWaiting ? 'Write a message to send later' : 'Write a message'
          }
          value={text}
          enterkeyhint="send"
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={keyPressed}
        />
        {length >= TELL_FROM && !isTooLong && <span class="left">{MAX_LENGTH - length} left</span>}
        <button
          type="submit"
          class="primary round"
          aria-label={send.label}
          title={send.label}
          disabled={text.trim() === '' || isTooLong || isBusy}
        >
          <Icon name={send.icon} />
        </button>
      </div>
    </form>
  );
}

function tooLong(excess: number): string {
  return `This message is ${excess} ${excess === 1 ? 'character' : 'characters'} too long.`;
}

function sendButton(isEdit: boolean, isWaiting: boolean): { icon: IconName; label: string } {
  if (isEdit) return { icon: 'check', label: 'Save' };
  return isWaiting ? { icon: 'clock', label: 'Send later' } : { icon: 'send', label: 'Send' };
}

/** Resets the height of the field, because `scrollHeight` is never less than that. */
function resetHeight(field: HTMLTextAreaElement): HTMLTextAreaElement {
  field.style.height = 'auto';
  return field;
}
