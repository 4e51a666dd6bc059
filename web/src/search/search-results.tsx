import type { FoundMessage } from '@xfchat/client';
import type { Chat } from '../chat.ts';
import { useAnswer } from '../components/answer.ts';
import { useAttempt } from '../components/attempt.ts';
import { Failure } from '../components/failure.tsx';
import { useChat } from '../context.ts';
import { Avatar } from '../people/avatar.tsx';
import { nameOf } from '../people/names.ts';
import { follow, pathOf, route } from '../route.ts';
import { shortTime, wholeTime } from '../times.ts';
import { ERASED_NAME } from '../words.ts';
import { excerptOf } from './excerpt.ts';
import { useFoundMessages } from './found-messages.ts';

/** Matches a query with a letter, digit or emoji. The server rejects others. */
const SEARCHABLE = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
const MAX_CONVERSATIONS = 5;

/** Finds conversations by name, people by username, and messages by their words. */
export function SearchResults({ query }: { query: string }) {
  const chat = useChat();
  const wanted = SEARCHABLE.test(query) ? query : '';
  const messages = useFoundMessages(chat, wanted);
  const more = useAttempt();
  const conversations = conversationsNamed(chat, query);
  const isNothing = !messages.isWaiting && messages.items.length === 0 && conversations.length === 0;
  return (
    <section class="conversations results" aria-label="Search results">
      {conversations.length > 0 && <h2>Conversations</h2>}
      <ul>
        {conversations.map((conversation) => (
          <li key={conversation.id}>
            <a href={pathOf(conversation.id)} class="entry" onClick={follow}>
              <Avatar
                id={chat.partner(conversation)?.userId ?? conversation.id}
                name={chat.titleOf(conversation)}
              />
              <span class="entry-title" dir="auto">
                {chat.titleOf(conversation)}
              </span>
            </a>
          </li>
        ))}
      </ul>
      <People query={query} />
      {messages.items.length > 0 && <h2>Messages</h2>}
      <ul aria-label="Messages found">
        {messages.items.map((found) => (
          <FoundEntry key={found.message.id} found={found} chat={chat} />
        ))}
      </ul>
      <p role="status" class="muted result-note">
        {messages.isWaiting
          ? 'Searching …'
          : isNothing && !messages.failure
            ? `No results for “${query}”.`
            : ''}
      </p>
      <Failure text={messages.failure ?? more.failure} />
      {messages.more && !messages.isWaiting && (
        <button
          type="button"
          class="quiet"
          disabled={more.isBusy}
          onClick={() => void more.run(messages.more!)}
        >
          More messages
        </button>
      )}
    </section>
  );
}

/** Finds users without a direct conversation with this user. Their entries lead to the screen Friends. */
function People({ query }: { query: string }) {
  const chat = useChat();
  const wanted = query.replace(/^@/, '').toLowerCase();
  const isUsername = /^[a-z0-9._-]{2,32}$/.test(wanted);
  const { answer = [] } = useAnswer(isUsername ? wanted : '', (name) => chat.users.search(name, 5));
  const known = new Set(chat.conversations.map((conversation) => chat.partner(conversation)?.userId));
  const others = answer.filter(({ id }) => id !== chat.ownId && !known.has(id));
  if (others.length === 0) return null;
  return (
    <>
      <h2>People</h2>
      <ul>
        {others.map((user) => (
          <li key={user.id}>
            <a href="/friends" class="entry" onClick={follow}>
              <Avatar id={user.id} name={nameOf(user)} />
              <span class="entry-title" dir="auto">
                {nameOf(user)}
              </span>
              <span class="entry-text">@{user.username}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function FoundEntry({ found, chat }: { found: FoundMessage; chat: Chat }) {
  const { message, highlights } = found;
  const conversation = chat.client.conversation(message.conversationId);
  const place = route.value;
  const isHere = place.screen === 'conversation' && place.messageId === message.id;
  const sender = conversation?.participants.find(({ userId }) => userId === message.senderId);
  const name =
    message.senderId === chat.ownId
      ? 'You'
      : message.senderId === null
        ? ERASED_NAME
        : sender && nameOf(sender.user);
  return (
    <li>
      <a
        href={pathOf(message.conversationId, message.id)}
        class="entry found"
        aria-current={isHere ? 'page' : undefined}
        onClick={follow}
      >
        <span class="entry-title" dir="auto">
          {conversation ? chat.titleOf(conversation) : 'Unknown conversation'}
        </span>
        <time dateTime={message.createdAt} title={wholeTime(message.createdAt)}>
          {shortTime(message.createdAt)}
        </time>
        <span class="entry-text" dir="auto">
          {name && <bdi>{name}: </bdi>}
          {excerptOf(message.body ?? '', highlights).map((part, index) =>
            part.isFound ? <mark key={index}>{part.text}</mark> : part.text,
          )}
        </span>
      </a>
    </li>
  );
}

/** Conversations with a name that contains, for each word of the query, a word that begins with it. */
function conversationsNamed(chat: Chat, query: string) {
  const words = folded(query).split(/\s+/).filter(Boolean);
  return chat.conversations
    .filter((conversation) => {
      const partner = chat.partner(conversation);
      const names = folded(`${chat.titleOf(conversation)} ${partner?.user.username ?? ''}`).split(/\s+/);
      return words.every((word) => names.some((name) => name.startsWith(word.replace(/^@/, ''))));
    })
    .slice(0, MAX_CONVERSATIONS);
}

const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
