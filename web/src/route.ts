import { signal } from '@preact/signals';

/** Where somebody is. Each place has an address, which can be loaded again. */
export type Route =
  | { readonly screen: 'conversations' | 'friends' | 'settings' | 'new-group' }
  | { readonly screen: 'conversation'; readonly id: string; readonly messageId?: string | undefined };

const CONVERSATION = /^\/c\/([0-9a-f-]{36})(?:\/([0-9a-f-]{36}))?$/;

function parse(path: string): Route {
  const [, id, messageId] = CONVERSATION.exec(path) ?? [];
  if (id) return { screen: 'conversation', id, messageId };
  if (path === '/friends' || path === '/settings' || path === '/new-group')
    return { screen: path.slice(1) as 'friends' | 'settings' | 'new-group' };
  return { screen: 'conversations' };
}

export const route = signal<Route>(parse(location.pathname));

addEventListener('popstate', () => (route.value = parse(location.pathname)));

/** Of a conversation, or of a message in it. */
export function pathOf(conversationId: string, messageId?: string): string {
  return messageId === undefined ? `/c/${conversationId}` : `/c/${conversationId}/${messageId}`;
}

export function goTo(path: string): void {
  if (path !== location.pathname) history.pushState({ cameFrom: location.pathname }, '', path);
  route.value = parse(path);
}

/** Forgets where the user before was: the next one begins at the list. */
export function resetRoute(): void {
  history.replaceState(null, '', '/');
  route.value = parse('/');
}

/**
 * To the list. A user who came from there goes back in the history: otherwise the browser's own button would lead here again.
 */
export function goToList(): void {
  const { cameFrom } = (history.state ?? {}) as { cameFrom?: string };
  if (cameFrom === '/') history.back();
  else goTo('/');
}

/** For links: a plain click stays in this page, any other does what the browser does. */
export function follow(event: MouseEvent): void {
  if (!isPlain(event)) return;
  event.preventDefault();
  goTo((event.currentTarget as HTMLAnchorElement).pathname);
}

/** For the link to the list, in the same way. */
export function followBack(event: MouseEvent): void {
  if (!isPlain(event)) return;
  event.preventDefault();
  goToList();
}

function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
