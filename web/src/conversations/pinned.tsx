import type { Conversation, Message } from '@xfchat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { Icon } from '../components/icon.tsx';
import { nameOf } from '../people/names.ts';
import { MessageText } from '../text/message-text.tsx';
import { previewOf } from '../text/preview.ts';
import { wholeTime } from '../times.ts';
import { ERASED_NAME } from '../words.ts';
import { FileNames } from './file-names.tsx';

/** Both people of a direct conversation may pin; in a group only the admins and the owner. */
export const mayPin = ({ type, myRole }: Conversation): boolean => type === 'direct' || myRole !== 'member';

interface PinnedBarProps {
  readonly conversation: Conversation;
  readonly onShow: (messageId: string) => void;
}

/** The bar above the messages, shown while any message is pinned. */
export function PinnedBar({ conversation, onShow }: PinnedBarProps) {
  const [isOpen, setOpen] = useState(false);
  const { pinned, reload } = usePinned(conversation);
  const [newest] = pinned;
  return (
    <>
      {newest && (
        <button
          type="button"
          class="pinned-bar"
          onClick={() => {
            reload();
            setOpen(true);
          }}
        >
          <Icon name="pin" />
          <span class="pinned-count">{pinned.length === 1 ? 'Pinned' : `${pinned.length} pinned`}</span>
          <span class="pinned-text" dir="auto">
            {previewOf(newest)}
          </span>
        </button>
      )}
      {isOpen && (
        <PinnedDialog
          conversation={conversation}
          pinned={pinned}
          onChange={reload}
          onShow={(messageId) => {
            setOpen(false);
            onShow(messageId);
          }}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

interface PinnedDialogProps extends PinnedBarProps {
  readonly pinned: readonly Message[];
  readonly onChange: () => void;
  readonly onClose: () => void;
}

function PinnedDialog({ conversation, pinned, onShow, onChange, onClose }: PinnedDialogProps) {
  const attempt = useAttempt();
  const users = new Map(conversation.participants.map(({ userId, user }) => [userId, user]));
  const unpin = async (message: Message): Promise<void> => {
    if (await attempt.queue(() => conversation.unpin(message))) onChange();
  };
  const senderOf = ({ senderId }: Message): string => {
    if (senderId === null) return ERASED_NAME;
    const user = users.get(senderId);
    return user ? nameOf(user) : 'Somebody who has left';
  };
  return (
    <Dialog title="Pinned messages" onClose={onClose}>
      <Failure text={attempt.failure} />
      {pinned.length === 0 && <p class="muted">Nothing is pinned any more.</p>}
      <ol class="pinned">
        {pinned.map((message) => (
          <li key={message.id}>
            <h3 dir="auto">
              {senderOf(message)} <time dateTime={message.createdAt}>{wholeTime(message.createdAt)}</time>
            </h3>
            <MessageText body={message.body ?? ''} />
            <FileNames attachments={message.attachments} />
            <div class="buttons">
              {mayPin(conversation) && (
                <button type="button" onClick={() => void unpin(message)}>
                  Unpin
                </button>
              )}
              <button type="button" onClick={() => onShow(message.id)}>
                Show
              </button>
            </div>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

interface Pinned {
  /** The newest message first. */
  readonly pinned: readonly Message[];
  readonly reload: () => void;
}

/** The pinned messages: for held messages their current state decides, for older ones the server's list. */
function usePinned(conversation: Conversation): Pinned {
  const chat = useChat();
  const isOnline = chat.isOnline.value;
  const [listed, setListed] = useState<readonly Message[]>([]);
  const isGone = useRef(false);
  const reload = (): void => {
    conversation
      .pinned()
      .then((found) => isGone.current || setListed(found))
      .catch(() => undefined); // the next connection asks again, and so does opening the dialog
  };
  useEffect(() => void (isOnline && reload()), [conversation, isOnline]);
  useEffect(() => () => void (isGone.current = true), []);
  const { messages } = conversation;
  const first = messages[0]?.seq ?? 1;
  const elsewhere = listed.filter(({ seq }) => seq < first);
  const held = messages.filter(({ pinnedAt }) => pinnedAt !== null);
  return { pinned: [...elsewhere, ...held].sort((a, b) => b.seq - a.seq), reload };
}
