import { Component, createRef, Fragment, type RefObject } from 'preact';
import type { Conversation, Message, User } from '@xfchat/client';
import { Icon } from '../components/icon.tsx';
import { dayInWords } from '../times.ts';
import { ERASED_NAME, inWords } from '../words.ts';
import type { MessageActions } from './message-actions.ts';
import { MessageRow } from './message-row.tsx';
import { around, atEnd, earlier, followed, later, type Held, type MessageWindow } from './message-window.ts';
import { mayPin } from './pinned.tsx';
import { isOutgoing, quotedIn, rowsOf } from './rows.ts';
import { nameOf as nameOfUser } from '../people/names.ts';

/** When the reader is closer than this to an end of the rendered messages, more are rendered; in pixels. */
const NEAR = 900;
/** A reader who is this close to the end follows new messages; in pixels. */
const AT_END = 60;
/** The number of messages in one request. */
const PAGE = 200;

interface ListProps {
  /** Set to this component, so that its parent can call `jumpTo`. A class component receives no `ref` prop. */
  readonly handle: RefObject<MessageList | null>;
  readonly conversation: Conversation;
  /** Increases with each change of the conversation. */
  readonly version: number;
  readonly ownUserId: string;
  /** The `seq` of the first message that was unread when the conversation was opened. */
  readonly firstUnread: number | undefined;
  /** Increases with each message that the user sends here; the list then scrolls to the end. */
  readonly sent: number;
  readonly isOnline: boolean;
  readonly actions: MessageActions;
  readonly onFollow: (isFollowing: boolean) => void;
}

interface ListState {
  readonly isFollowing: boolean;
  /** The row that the Tab key reaches; by default the last one. */
  readonly current: string | undefined;
  readonly pointedAt: string | undefined;
  readonly failure: string | undefined;
}

/** A visible row and its distance from the top of the viewport, in pixels. */
interface Anchor {
  readonly id: string;
  readonly top: number;
}

/** The scroll position and focus before a change of the content. */
interface Snapshot {
  readonly seen: readonly Anchor[];
  /** The height of all rendered rows, in pixels. */
  readonly height: number;
  /** The row that has the focus, or contains the focused element. */
  readonly focusedId: string | undefined;
}

/** The messages. The list loads more in both directions, and the rows that the user reads do not move. */
export class MessageList extends Component<ListProps, ListState> {
  override state: ListState = {
    isFollowing: true,
    current: undefined,
    pointedAt: undefined,
    failure: undefined,
  };
  private readonly element = createRef<HTMLDivElement>();
  private window: MessageWindow = atEnd(this.held);
  private sent = this.props.sent;
  private isLoading = false;
  private isGone = false;
  private readonly resized = new ResizeObserver(() => this.state.isFollowing && this.toEnd());

  private get held(): Held {
    const { messages } = this.props.conversation;
    return { first: messages[0]?.seq ?? 1, last: messages.at(-1)?.seq ?? 0 };
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    this.toEnd();
    this.resized.observe(this.element.current!);
    this.fill();
  }

  override componentWillUnmount(): void {
    this.isGone = true;
    this.resized.disconnect();
  }

  override componentWillReceiveProps({ sent, isOnline }: ListProps): void {
    if (isOnline && !this.props.isOnline) this.setState({ failure: undefined });
    if (sent === this.sent) return;
    this.sent = sent;
    this.showEnd();
  }

  override getSnapshotBeforeUpdate(): Snapshot {
    const list = this.element.current!;
    const { top, bottom } = list.getBoundingClientRect();
    const seen: Anchor[] = [];
    // Use the first row only as the last resort: when older rows appear, it loses its name and its date line.
    const [first, ...rest] = list.querySelectorAll<HTMLElement>('[data-id]');
    for (const row of first ? [...rest, first] : []) {
      const place = row.getBoundingClientRect();
      if (place.bottom > top && place.top < bottom) seen.push({ id: row.dataset.id!, top: place.top });
    }
    const focused = list.contains(document.activeElement)
      ? document.activeElement?.closest<HTMLElement>('[data-id]')
      : undefined;
    return { seen, height: list.scrollHeight, focusedId: focused?.dataset.id };
  }

  override componentDidUpdate(_props: unknown, before: ListState, snapshot: Snapshot): void {
    const { seen, height, focusedId } = snapshot;
    const hasGrown = this.element.current!.scrollHeight !== height;
    // Scroll to the end only after growth, so that a message that merely gets the focus does not move.
    if (!this.state.isFollowing) this.keepInPlace(seen);
    else if (hasGrown || !before.isFollowing) this.toEnd();
    // When a focused button disappears, as of a deleted message, the focus goes to its row.
    if (focusedId && document.activeElement === document.body)
      this.rowOf(focusedId)?.focus({ preventScroll: true });
    this.fill();
  }

  /** Scrolls to the newest message, and follows new ones. */
  readonly showEnd = (): void => {
    this.window = atEnd(this.held);
    this.setState({ isFollowing: true, current: undefined });
    this.props.onFollow(true);
  };

  /** Scrolls to a message, and loads the history up to it if necessary. @returns false if it was not found or not loaded */
  async jumpTo(messageId: string): Promise<boolean> {
    const { conversation } = this.props;
    const find = (): Message | undefined => conversation.messages.find(({ id }) => id === messageId);
    while (!find() && conversation.hasOlder && !this.isGone) {
      const { first } = this.held;
      try {
        await conversation.older(PAGE);
        if (this.held.first === first) return false; // nothing older was added: the list has restarted in another epoch
      } catch (error) {
        if (!this.isGone) this.setState({ failure: inWords(error) });
        return false;
      }
    }
    const found = find();
    if (!found || this.isGone) return false;
    this.window = around(found.seq, this.held);
    this.setState({ isFollowing: false, current: messageId, pointedAt: messageId }, () => {
      const row = this.rowOf(messageId);
      row?.scrollIntoView({ block: 'center' });
      row?.focus({ preventScroll: true });
    });
    this.props.onFollow(false);
    return true;
  }

  private toEnd(): void {
    const list = this.element.current;
    if (list) list.scrollTop = list.scrollHeight;
  }

  private keepInPlace(seen: readonly Anchor[]): void {
    for (const { id, top } of seen) {
      const row = this.rowOf(id);
      if (!row) continue;
      const moved = row.getBoundingClientRect().top - top;
      if (moved !== 0) this.element.current!.scrollTop += moved;
      return;
    }
  }

  private rowOf(id: string): HTMLElement | null {
    return this.element.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null;
  }

  private readonly scrolled = (): void => {
    const isFollowing = this.below < AT_END && this.window.to === undefined;
    if (isFollowing !== this.state.isFollowing) {
      this.setState({ isFollowing });
      this.props.onFollow(isFollowing);
    }
    this.fill();
  };

  /** Renders more messages while an end of the rendered ones is near, and loads older messages in time. */
  private fill(): void {
    if (this.window.to !== undefined && this.below < NEAR) {
      this.window = later(this.window, this.held);
      this.forceUpdate();
    }
    if (!this.isNearBeginning) return;
    const { first } = this.held;
    const { from } = this.window;
    if (from > first) this.forceUpdate();
    if (from - first < PAGE && !this.state.failure && this.props.isOnline) void this.load();
  }

  /** The distance from the visible part to the end of the rendered messages, in pixels. */
  private get below(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.element.current!;
    return scrollHeight - scrollTop - clientHeight;
  }

  private get isNearBeginning(): boolean {
    const list = this.element.current;
    return list !== null && list.scrollTop < NEAR;
  }

  private async load(): Promise<void> {
    const { conversation } = this.props;
    if (this.isLoading || !conversation.hasOlder) return;
    this.isLoading = true;
    try {
      await conversation.older(PAGE);
    } catch (error) {
      if (!this.isGone) this.setState({ failure: inWords(error) });
    } finally {
      this.isLoading = false;
    }
    if (!this.isGone) this.forceUpdate();
  }

  private readonly retry = (): void => this.setState({ failure: undefined }, () => void this.load());

  private readonly keyPressed = (event: KeyboardEvent): void => {
    const row = event.target as HTMLElement;
    if (row.dataset.id === undefined) return;
    const rows = [...this.element.current!.querySelectorAll<HTMLElement>('[data-id]')];
    const here = rows.indexOf(row);
    const next = { ArrowUp: here - 1, ArrowDown: here + 1, End: rows.length - 1 }[event.key];
    if (next === undefined || !rows[next]) return;
    event.preventDefault();
    rows[next].focus();
  };

  private readonly focused = (event: FocusEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-id]');
    if (row && row.dataset.id !== this.state.current) this.setState({ current: row.dataset.id });
  };

  override render({ conversation, ownUserId, firstUnread, isOnline, actions }: ListProps, state: ListState) {
    const { messages, outgoing, participants, hasOlder, type, myRole } = conversation;
    const { held } = this;
    if (state.isFollowing) this.window = followed(this.window, held);
    if (this.window.from > held.last + 1) this.window = atEnd(held);
    // Render earlier messages at once: too close to the top, the scroll position could not be kept.
    if (this.isNearBeginning && this.window.from > held.first) this.window = earlier(this.window, held);
    const { from, to } = this.window;
    const shown = messages.slice(from - held.first, (to ?? held.last) - held.first + 1);
    const before = messages[from - held.first - 1];
    const rows = rowsOf(shown, to === undefined ? outgoing : [], before, ownUserId);
    const users = new Map(participants.map(({ userId, user }) => [userId, user]));
    const positions = participants.filter(({ userId }) => userId !== ownUserId).map(({ readSeq }) => readSeq);
    const isCurrentShown = rows.some(({ said }) => said.id === state.current);
    const current = isCurrentShown ? state.current : rows.at(-1)?.said.id;
    return (
      <div class="messages-frame">
        <div ref={this.element} class="messages" onScroll={this.scrolled}>
          {from <= held.first && (
            <Beginning hasOlder={hasOlder} isOnline={isOnline} failure={state.failure} onRetry={this.retry} />
          )}
          <ol aria-label="Messages" onKeyDown={this.keyPressed} onFocusIn={this.focused}>
            {rows.map(({ said, startsDay, startsTurn }) => {
              const isOwn = isOutgoing(said) || said.senderId === ownUserId;
              const seq = isOutgoing(said) ? undefined : said.seq;
              const quoted = quotedIn(messages, said);
              const isFirstUnread = seq !== undefined && seq === firstUnread;
              return (
                <Fragment key={said.id}>
                  {startsDay && <li class="day">{dayInWords(said.createdAt)}</li>}
                  {isFirstUnread && <li class="unread-line">New messages</li>}
                  <MessageRow
                    said={said}
                    conversation={conversation}
                    ownUserId={ownUserId}
                    startsTurn={startsTurn || isFirstUnread}
                    isOwn={isOwn}
                    isGroup={type === 'group'}
                    sender={isOutgoing(said) ? undefined : users.get(said.senderId ?? '')}
                    quoted={quoted}
                    quotedName={quoted ? nameOf(quoted.senderId, ownUserId, users) : undefined}
                    readBy={isOwn && seq ? positions.filter((position) => position >= seq).length : 0}
                    mayDelete={isOwn || (type === 'group' && myRole !== 'member')}
                    mayPin={mayPin(conversation)}
                    isCurrent={said.id === current}
                    isPointedAt={said.id === state.pointedAt}
                    actions={actions}
                  />
                </Fragment>
              );
            })}
          </ol>
        </div>
        {!state.isFollowing && (
          <button type="button" class="to-end" onClick={this.showEnd}>
            <Icon name="down" />
            Newest messages
          </button>
        )}
      </div>
    );
  }
}

interface BeginningProps {
  readonly hasOlder: boolean;
  readonly isOnline: boolean;
  readonly failure: string | undefined;
  readonly onRetry: () => void;
}

function Beginning({ hasOlder, isOnline, failure, onRetry }: BeginningProps) {
  if (!hasOlder) return <p class="beginning">This is where the conversation begins.</p>;
  if (!isOnline) return <p class="beginning">Earlier messages will load once you are back online.</p>;
  if (!failure) return <p class="beginning">Loading earlier messages …</p>;
  return (
    <p class="beginning" role="alert">
      Earlier messages could not be loaded. {failure}{' '}
      <button type="button" class="link" onClick={onRetry}>
        Try again
      </button>
    </p>
  );
}

/** The name of a participant; undefined if they have left. */
function nameOf(id: string | null, ownUserId: string, users: ReadonlyMap<string, User>): string | undefined {
  if (id === null) return ERASED_NAME;
  if (id === ownUserId) return 'You';
  const user = users.get(id);
  return user && nameOfUser(user);
}
