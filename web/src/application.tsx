import { useEffect } from 'preact/hooks';
import { followActivity } from './activity.ts';
import { forgetInvitationInAddress } from './account/registration.ts';
import { SettingsScreen } from './account/settings-screen.tsx';
import { SignInScreen } from './account/sign-in-screen.tsx';
import type { Chat } from './chat.ts';
import { ChatContext } from './context.ts';
import { ConversationList } from './conversations/conversation-list.tsx';
import { ConversationScreen } from './conversations/conversation-screen.tsx';
import { NewGroupScreen } from './conversations/new-group-screen.tsx';
import { ReleaseBanner, StatusBanner } from './components/status-banner.tsx';
import { FriendsScreen } from './people/friends-screen.tsx';
import { route, type Route } from './route.ts';
import type { Visit } from './visit.ts';

export function Application({ chat }: { chat: Chat }) {
  return <ChatContext.Provider value={chat}>{screen(chat)}</ChatContext.Provider>;
}

function screen(chat: Chat) {
  const visit = chat.visit.value;
  if (visit === undefined) return <p class="loading">Loading …</p>;
  if (visit === null) return <SignInScreen />;
  // A new key for each visit, so that no screen keeps the state of the previous user.
  return <SignedIn key={keyOf(visit)} chat={chat} />;
}

const keys = new WeakMap<Visit, number>();
let last = 0;

/** A different number for each visit. */
function keyOf(visit: Visit): number {
  const key = keys.get(visit) ?? ++last;
  keys.set(visit, key);
  return key;
}

/** Shows the list and the chosen screen beside each other; on narrow screens only one of them. */
function SignedIn({ chat }: { chat: Chat }) {
  const place = route.value;
  const unread = chat.conversations.filter(({ unreadCount }) => unreadCount > 0).length;
  const { contactIds } = chat;
  useEffect(forgetInvitationInAddress, []);
  useEffect(() => followActivity((status) => chat.client.presence.set(status)), []);
  // Runs after each render; the client sends a watch list only when it has changed.
  useEffect(() => chat.client.presence.watch(contactIds));
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) XFChat` : 'XFChat';
    return () => (document.title = 'XFChat');
  }, [unread]);
  return (
    <div class={`frame ${place.screen === 'conversations' ? 'shows-list' : 'shows-pane'}`}>
      <div class="status">
        <StatusBanner />
        <ReleaseBanner />
      </div>
      <ConversationList />
      <main class="pane">{pane(place)}</main>
    </div>
  );
}

function pane(place: Route) {
  switch (place.screen) {
    case 'conversation':
      return <ConversationScreen key={place.id} id={place.id} messageId={place.messageId} />;
    case 'friends':
      return <FriendsScreen />;
    case 'settings':
      return <SettingsScreen />;
    case 'new-group':
      return <NewGroupScreen />;
    case 'conversations':
      return <p class="empty">Choose a conversation, or find people under Friends.</p>;
  }
}
