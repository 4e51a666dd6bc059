import type { Message } from '@xfchat/client';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Failure } from '../components/failure.tsx';
import { Icon, type IconName } from '../components/icon.tsx';

/** In Unicode code points, as the server counts. */
const MAX_LENGTH = 4_000;
/** From here on it is told how much is left. */
const TELL_FROM = 3_600;

interface ComposerProps {
  readonly label: string;
  readonly initialText: string;
  /** The message that is being answered or edited. */
  readonly about: { readonly kind: 'reply' | 'edit'; readonly message: Message } | undefined;
  readonly isBusy: boolean;
  /** Something has to be decided in front of it first; then one goes on writing. */
  readonly isCovered: boolean;
  /** Messages that are sent now wait until the server works again. */
  readonly isWaiting: boolean;
  readonly failure: string | undefined;
  readonly onText: (text: string) => void;
  /** @returns whether it was done; otherwise the text is still here */
  readonly onSubmit: (text: string) => Promise<boolean>;
  readonly onCancel: () => void;
  /** The arrow key in an empty field: the last message is meant. */
  readonly onEditLast: () => void;
}

/** Where one writes: Enter sends, Shift and Enter begin a line. */
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
    // On a phone the keyboard would cover what one came to read.
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
    // Gone at once, for the next one to be written; as a draft it stays until it is kept as a message.
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

/** A field tells how high its text is only when it is not higher itself. */
function resetHeight(field: HTMLTextAreaElement): HTMLTextAreaElement {
  field.style.height = 'auto';
  return field;
}
