import { EditConflict, type Conversation, type Message } from '@xfchat/client';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Chat } from '../chat.ts';
import { useChangesOf, useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Confirmation } from '../components/dialog.tsx';
import { useLasting } from '../components/lasting.ts';
import { Composer } from './composer.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import { HistoryDialog } from './history-dialog.tsx';
import type { MessageActions } from './message-actions.ts';
import { MessageList } from './message-list.tsx';
import { PinnedBar } from './pinned.tsx';
import { ReactionDialog } from './reaction-dialog.tsx';
import { isolated, nameOf } from '../people/names.ts';
import { previewOf } from '../text/preview.ts';

/** A gap is shown only if it lasts longer than this, in milliseconds. */
const GAP_PATIENCE_MS = 1_000;

interface About {
  readonly kind: 'reply' | 'edit';
  readonly message: Message;
}

interface ViewProps {
  readonly conversation: Conversation;
  /** The message that the address names. */
  readonly messageId: string | undefined;
}

/** The messages of a conversation, and the composer. */
export function ConversationView({ conversation, messageId }: ViewProps) {
  const chat = useChat();
  const version = useChangesOf(conversation);
  const list = useRef<MessageList>(null);
  const writing = useAttempt();
  const changing = useAttempt();
  const [about, setAbout] = useState<About>();
  const [restored, setRestored] = useState<string>();
  const [deleting, setDeleting] = useState<Message>();
  const [reacting, setReacting] = useState<Message>();
  const [history, setHistory] = useState<Message>();
  const [conflict, setConflict] = useState<EditConflict>();
  const [sent, setSent] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const firstUnread = useMemo(() => firstUnreadOf(conversation, chat.ownId), []);
  useReading(chat, conversation, version, isFollowing);
  useArrival(messageId, chat.isOnline.value, list);

  const begin = (next: About | undefined, text?: string): void => {
    writing.forget();
    setAbout(next);
    setRestored(text);
  };
  const actions = useMemo<MessageActions>(
    () => ({
      reply: (message) => begin({ kind: 'reply', message }),
      react: setReacting,
      toggleReaction: (message, emoji) =>
        void changing.queue(() => toggleReaction(conversation, message, emoji, chat.ownId)),
      togglePin: (message) =>
        void changing.queue(() =>
          message.pinnedAt === null ? conversation.pin(message) : conversation.unpin(message),
        ),
      edit: (message) => begin({ kind: 'edit', message }),
      delete: setDeleting,
      showHistory: setHistory,
      jumpTo: (messageId) => void list.current?.jumpTo(messageId),
      retry: (messageId) => void changing.run(() => chat.client.retry(messageId)),
      discard: (messageId) => void changing.run(() => chat.client.discard(messageId)),
    }),
    [],
  );

  const write = (text: string): void => {
    chat.drafts.set(conversation.id, text);
    chat.client.typing.say(conversation.id, text !== '');
  };
  useEffect(() => () => chat.client.typing.say(conversation.id, false), []);

  const edit = async (message: Message, body: string): Promise<boolean> => {
    const isDone = await writing.run(async () => {
      try {
        await conversation.edit(message, body);
      } catch (error) {
        if (!(error instanceof EditConflict)) throw error;
        setConflict(error);
      }
    });
    if (isDone) begin(undefined);
    return isDone;
  };
  const submit = async (text: string): Promise<boolean> => {
    if (about?.kind === 'edit') return edit(about.message, text);
    const replyToId = about?.message.id;
    begin(undefined);
    setSent((count) => count + 1);
    try {
      await conversation.send({ body: text, ...(replyToId && { replyToId }) });
      return true;
    } catch (error) {
      writing.fail(error);
      return false;
    }
  };
  const editLast = (): void => {
    const own = conversation.messages.findLast(
      ({ senderId, deletedAt }) => senderId === chat.ownId && !deletedAt,
    );
    if (own) begin({ kind: 'edit', message: own });
  };

  const isEdit = about?.kind === 'edit';
  const isAlone = conversation.type === 'direct' && !chat.partner(conversation);
  // A check changes no conversation, so the component reads the overall status: it is rendered again when that changes.
  const mayLack = chat.isOnline.value && !chat.isComplete.value;
  const isCatchingUp = mayLack && conversation.status === 'catching-up';
  const isBehind = useLasting(isCatchingUp, GAP_PATIENCE_MS);
  return (
    <>
      <PinnedBar conversation={conversation} onShow={(messageId) => void list.current?.jumpTo(messageId)} />
      <MessageList
        handle={list}
        conversation={conversation}
        version={version}
        ownUserId={chat.ownId}
        firstUnread={firstUnread}
        sent={sent}
        isOnline={chat.isOnline.value}
        actions={actions}
        onFollow={setFollowing}
      />
      <div role="status" class={isBehind ? 'gap' : undefined}>
        {isBehind && 'Checking for missed messages …'}
      </div>
      <Announcement conversation={conversation} />
      {isAlone ? (
        <p class="note">This person has erased their account. Nobody would read your messages here.</p>
      ) : (
        <Composer
          key={isEdit ? about.message.id : 'new'}
          label={isEdit ? 'Edit message' : `Write to ${chat.titleOf(conversation)}`}
          initialText={isEdit ? (restored ?? about.message.body ?? '') : chat.drafts.get(conversation.id)}
          about={about}
          isBusy={writing.isBusy}
          isCovered={conflict !== undefined}
          isWaiting={!chat.canSend}
          failure={writing.failure ?? changing.failure}
          onText={(text) => !isEdit && write(text)}
          onSubmit={submit}
          onCancel={() => begin(undefined)}
          onEditLast={editLast}
        />
      )}
      {deleting && (
        <Confirmation
          title="Delete this message?"
          text="The message and all its versions are deleted for everybody. This cannot be undone."
          action="Delete"
          onConfirm={() => void changing.run(() => conversation.delete(deleting))}
          onClose={() => setDeleting(undefined)}
        />
      )}
      {reacting && (
        <ReactionDialog
          message={reacting}
          ownUserId={chat.ownId}
          onToggle={(emoji) => toggleReaction(conversation, reacting, emoji, chat.ownId)}
          onClose={() => setReacting(undefined)}
        />
      )}
      {history && (
        <HistoryDialog conversation={conversation} message={history} onClose={() => setHistory(undefined)} />
      )}
      {conflict && (
        <ConflictDialog
          conflict={conflict}
          onKeep={() => setConflict(undefined)}
          onEdit={() => {
            setConflict(undefined);
            begin({ kind: 'edit', message: conflict.current }, conflict.body);
          }}
          onReplace={() => {
            setConflict(undefined);
            void edit(conflict.current, conflict.body);
          }}
        />
      )}
    </>
  );
}

/**
 * Adds the user's reaction, or removes it. A reaction names only its first people, so the page may not know whether the user
 * is among them. If adding changes nothing, the user's reaction existed, and it is removed.
 */
async function toggleReaction(
  conversation: Conversation,
  message: Message,
  emoji: string,
  ownUserId: string,
): Promise<void> {
  const known = message.reactions.find((reaction) => reaction.emoji === emoji);
  if (known?.userIds.includes(ownUserId)) return void (await conversation.unreact(message, emoji));
  const { rev } = await conversation.react(message, emoji);
  const mayBeUnnamed = known !== undefined && known.count > known.userIds.length;
  if (mayBeUnnamed && rev === message.rev) await conversation.unreact(message, emoji);
}

/** Lets screen readers announce new messages of others. */
function Announcement({ conversation }: { conversation: Conversation }) {
  const chat = useChat();
  useChangesOf(conversation);
  const arrivedAt = useMemo(() => conversation.position.seq, []);
  const newest = conversation.messages.at(-1);
  const isNew = newest && newest.seq > arrivedAt && newest.senderId !== chat.ownId && !newest.deletedAt;
  const sender = conversation.participants.find(({ userId }) => userId === newest?.senderId);
  return (
    <p class="hidden" aria-live="polite">
      {isNew && `${sender ? isolated(nameOf(sender.user)) : ''}: ${previewOf(newest)}`}
    </p>
  );
}

function firstUnreadOf(
  { messages, unreadCount, participants }: Conversation,
  ownUserId: string,
): number | undefined {
  const own = participants.find(({ userId }) => userId === ownUserId);
  if (unreadCount === 0 || !own) return undefined;
  return messages.find(({ seq, senderId }) => seq > own.readSeq && senderId !== ownUserId)?.seq;
}

/** Jumps once to the message in the address. Without a connection, it tries again when there is one. */
function useArrival(
  messageId: string | undefined,
  isOnline: boolean,
  list: RefObject<MessageList | null>,
): void {
  const reached = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (messageId === undefined || reached.current === messageId) return;
    void list.current?.jumpTo(messageId).then((isThere) => {
      if (isThere) reached.current = messageId;
    });
  }, [messageId, isOnline]);
}

/** Marks visible messages as read. */
function useReading(chat: Chat, conversation: Conversation, version: number, isFollowing: boolean): void {
  const isTelling = useRef(false);
  const isOnline = chat.isOnline.value;
  useEffect(() => {
    const read = (): void => {
      if (!isFollowing || !isOnline || isTelling.current) return;
      if (document.visibilityState !== 'visible' || conversation.unreadCount === 0) return;
      isTelling.current = true;
      conversation
        .markRead()
        .catch(() => undefined) // the next message or visit tries again
        .finally(() => (isTelling.current = false));
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [conversation, version, isFollowing, isOnline]);
}
