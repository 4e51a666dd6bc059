import type { Conversation } from '@xfchat/client';
import { useState } from 'preact/hooks';
import type { Chat } from '../chat.ts';
import { useChangesOf, useChat } from '../context.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { Avatar } from '../people/avatar.tsx';
import { follow, pathOf, route } from '../route.ts';
import { SearchField } from '../search/search-field.tsx';
import { SearchResults } from '../search/search-results.tsx';
import { plainText, previewOf } from '../text/preview.ts';
import { shortTime, wholeTime } from '../times.ts';
import { ERASED_NAME } from '../words.ts';
import { isolated, nameOf } from '../people/names.ts';
import { PresenceDot, PresenceWord } from '../people/presence.tsx';

/** The conversations, the latest activity first, with the search and the links to other screens. */
export function ConversationList() {
  const chat = useChat();
  const { conversations } = chat;
  const [query, setQuery] = useState('');
  const requests = chat.friends.incoming.value.length;
  return (
    <div class="sidebar">
      <header class="sidebar-head">
        <h1>
          <a href="/" onClick={follow}>
            XFChat
          </a>
        </h1>
        <nav aria-label="Main">
          <Place path="/new-group" icon="plus" label="New group" />
          <Place path="/friends" icon="people" label="Friends" count={requests} />
          <Place path="/settings" icon="gear" label="Settings" />
        </nav>
        <SearchField query={query} onQuery={setQuery} />
      </header>
      {query.trim() === '' ? (
        <nav class="conversations" aria-label="Conversations">
          {conversations.length > 0 ? (
            <ul>
              {conversations.map((conversation) => (
                <ConversationEntry key={conversation.id} conversation={conversation} chat={chat} />
              ))}
            </ul>
          ) : (
            <Nothing chat={chat} />
          )}
        </nav>
      ) : (
        <SearchResults query={query.trim()} />
      )}
    </div>
  );
}

function Nothing({ chat }: { chat: Chat }) {
  if (!chat.isComplete.value) return <p class="empty">Loading your conversations …</p>;
  return (
    <p class="empty">
      No conversations yet.{' '}
      <a href="/friends" onClick={follow}>
        Find people
      </a>{' '}
      you know and send them a friend request. Once they accept, you can write to each other.
    </p>
  );
}

function Place(props: { path: string; icon: IconName; label: string; count?: number }) {
  const { path, icon, label, count = 0 } = props;
  const isHere = path === `/${route.value.screen}`;
  return (
    <a href={path} class="place" aria-current={isHere ? 'page' : undefined} onClick={follow}>
      <Icon name={icon} />
      <span>{label}</span>{' '}
      {count > 0 && (
        <span class="badge">
          {count}
          <span class="hidden"> waiting</span>
        </span>
      )}
    </a>
  );
}

function ConversationEntry({ conversation, chat }: { conversation: Conversation; chat: Chat }) {
  useChangesOf(conversation);
  const { id, unreadCount, mentionCount, messages, outgoing, createdAt, type } = conversation;
  const title = chat.titleOf(conversation);
  const place = route.value;
  const isHere = place.screen === 'conversation' && place.id === id;
  const time = outgoing.at(-1)?.createdAt ?? messages.at(-1)?.createdAt ?? createdAt;
  const partnerId = type === 'direct' ? chat.partner(conversation)?.userId : undefined;
  return (
    <li>
      <a href={pathOf(id)} class="entry" aria-current={isHere ? 'page' : undefined} onClick={follow}>
        <Avatar id={partnerId ?? id} name={title} />
        {partnerId && <PresenceDot userId={partnerId} />}
        <span class="entry-title" dir="auto">
          {title}
        </span>
        <time dateTime={time} title={wholeTime(time)}>
          {shortTime(time)}
        </time>
        <span class="entry-text" dir="auto">
          {preview(conversation, chat)}
        </span>
        {unreadCount > 0 && (
          <span class="badges">
            {mentionCount > 0 && (
              <span class="badge mention-badge">
                <span aria-hidden="true">@</span>
                <span class="hidden">mentions you, </span>
              </span>
            )}
            <span class="badge">
              {unreadCount > 999 ? '999+' : unreadCount}
              <span class="hidden"> unread</span>
            </span>
          </span>
        )}
        {partnerId && <PresenceWord userId={partnerId} />}
      </a>
    </li>
  );
}

/** The last message with its sender. */
function preview({ messages, outgoing, participants, type }: Conversation, chat: Chat): string {
  const waiting = outgoing.at(-1);
  if (waiting) return `${waiting.status === 'failed' ? 'Not sent' : 'You'}: ${plainText(waiting.body)}`;
  const last = messages.at(-1);
  if (!last) return 'No messages yet';
  const text = previewOf(last);
  if (last.senderId === chat.ownId) return `You: ${text}`;
  if (type === 'direct') return text;
  if (last.senderId === null) return `${ERASED_NAME}: ${text}`;
  const sender = participants.find(({ userId }) => userId === last.senderId);
  return sender ? `${isolated(nameOf(sender.user))}: ${text}` : text;
}
