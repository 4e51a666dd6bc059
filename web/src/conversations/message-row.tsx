import { Component } from 'preact';
import type { Conversation, Message, User } from '@xfchat/client';
import { Icon } from '../components/icon.tsx';
import { useChat } from '../context.ts';
import { Avatar } from '../people/avatar.tsx';
import { MessageText } from '../text/message-text.tsx';
import { previewOf } from '../text/preview.ts';
import { timeOfDay, wholeTime } from '../times.ts';
import { ERASED_NAME } from '../words.ts';
import { FileNames } from './file-names.tsx';
import { mentionsOf } from './mentions-of.ts';
import type { MessageActions } from './message-actions.ts';
import { MessageState } from './message-state.tsx';
import { MessageToolbar } from './message-toolbar.tsx';
import { ReactionRow } from './reaction-row.tsx';
import { isOutgoing, type Said } from './rows.ts';
import { nameOf } from '../people/names.ts';

export interface RowProps {
  readonly said: Said;
  readonly conversation: Conversation;
  readonly ownUserId: string;
  readonly startsTurn: boolean;
  readonly isOwn: boolean;
  /** Whether the conversation is a group. */
  readonly isGroup: boolean;
  /** Undefined if the sender has left. */
  readonly sender: User | undefined;
  /** The message that this one replies to; undefined if it is no reply, null if that message is not held. */
  readonly quoted: Message | null | undefined;
  readonly quotedName: string | undefined;
  /** The number of others who have read it; only for the user's own messages. */
  readonly readBy: number;
  readonly mayDelete: boolean;
  readonly mayPin: boolean;
  /** Whether the Tab key reaches this row. */
  readonly isCurrent: boolean;
  readonly isPointedAt: boolean;
  readonly actions: MessageActions;
}

interface RowState {
  readonly isUnderPointer: boolean;
}

/** A message. It is rendered again only when one of its properties has changed. */
export class MessageRow extends Component<RowProps, RowState> {
  override state: RowState = { isUnderPointer: false };
  private readonly entered = (): void => this.setState({ isUnderPointer: true });
  private readonly left = (): void => this.setState({ isUnderPointer: false });

  override shouldComponentUpdate(next: RowProps, { isUnderPointer }: RowState): boolean {
    const names = Object.keys(next) as (keyof RowProps)[];
    return (
      isUnderPointer !== this.state.isUnderPointer || names.some((name) => next[name] !== this.props[name])
    );
  }

  override render(props: RowProps, { isUnderPointer }: RowState) {
    return <Row {...props} isUnderPointer={isUnderPointer} onEnter={this.entered} onLeave={this.left} />;
  }
}

function Row(props: RowProps & RowState & { onEnter: () => void; onLeave: () => void }) {
  const { said, startsTurn, isOwn, isGroup, sender, isCurrent, isPointedAt, actions } = props;
  const showsSender = !isOwn && isGroup;
  const classes = ['row', isOwn ? 'own' : 'other', startsTurn && 'starts-turn', isPointedAt && 'pointed-at'];
  const message = isOutgoing(said) ? undefined : said;
  return (
    <li
      class={classes.filter(Boolean).join(' ')}
      data-id={said.id}
      tabIndex={isCurrent ? 0 : -1}
      onPointerEnter={props.onEnter}
      onPointerLeave={props.onLeave}
    >
      {showsSender && (
        <div class="row-avatar">
          {startsTurn && (
            <Avatar id={message?.senderId ?? ''} name={sender ? nameOf(sender) : '?'} size="small" />
          )}
        </div>
      )}
      <div class="row-body">
        {startsTurn && (
          <p class={showsSender ? 'sender' : 'sender hidden'} dir="auto">
            {isOwn ? 'You' : <SenderName id={message?.senderId ?? null} known={sender} />}
          </p>
        )}
        <div class="bubble">
          <Quote {...props} />
          {message?.deletedAt ? (
            <p class="deleted">This message was deleted.</p>
          ) : (
            <Body {...props} message={message} />
          )}
          {message && <FileNames attachments={message.attachments} />}
          <p class="meta">
            {message?.pinnedAt && (
              <span class="state">
                <Icon name="pin" />
                <span class="hidden">Pinned</span>
              </span>
            )}
            {message?.editedAt && !message.deletedAt && (
              <button
                type="button"
                class="link"
                tabIndex={isCurrent ? 0 : -1}
                onClick={() => actions.showHistory(message)}
              >
                edited
              </button>
            )}
            <time dateTime={said.createdAt} title={wholeTime(said.createdAt)}>
              {timeOfDay(said.createdAt)}
            </time>
            {isOwn && !message?.deletedAt && (
              <MessageState said={said} readBy={props.readBy} isGroup={isGroup} />
            )}
          </p>
        </div>
        {message && <ReactionRow {...props} message={message} />}
        {isOutgoing(said) && said.status === 'failed' && <NotSent said={said} actions={actions} />}
      </div>
      {message && !message.deletedAt && (
        <MessageToolbar
          message={message}
          isOwn={isOwn}
          mayDelete={props.mayDelete}
          mayPin={props.mayPin}
          isCurrent={isCurrent}
          isUnderPointer={props.isUnderPointer}
          actions={actions}
        />
      )}
    </li>
  );
}

function Body({ said, conversation, ownUserId, message }: RowProps & { message: Message | undefined }) {
  const { people } = useChat();
  return (
    <MessageText body={said.body ?? ''} mentions={mentionsOf(message, conversation, people, ownUserId)} />
  );
}

function SenderName({ id, known }: { id: string | null; known: User | undefined }) {
  const { people } = useChat();
  if (known) return <>{nameOf(known)}</>;
  if (id === null) return <>{ERASED_NAME}</>;
  const found = people.of(id).value;
  return <>{found ? nameOf(found) : 'Somebody who has left'}</>;
}

function Quote({ quoted, quotedName, said, isCurrent, actions }: RowProps) {
  const { replyToId } = said;
  if (!replyToId || (!isOutgoing(said) && said.deletedAt)) return null;
  return (
    <button
      type="button"
      class="quoted"
      tabIndex={isCurrent ? 0 : -1}
      onClick={() => actions.jumpTo(replyToId)}
    >
      <span class="hidden">Reply to: </span>
      {/* Always two lines, so that the message does not grow when the quoted one is loaded. */}
      <span class="quoted-name" dir="auto">
        {quoted ? (quotedName ?? 'Somebody who has left') : 'An earlier message'}
      </span>
      <span class="quoted-text" dir="auto">
        {quoted ? previewOf(quoted) : 'Show this message'}
      </span>
    </button>
  );
}

function NotSent({ said, actions }: { said: Said; actions: MessageActions }) {
  return (
    <p class="not-sent">
      <button type="button" class="link" onClick={() => actions.retry(said.id)}>
        Try again
      </button>
      <button type="button" class="link" onClick={() => actions.discard(said.id)}>
        Discard
      </button>
    </p>
  );
}
