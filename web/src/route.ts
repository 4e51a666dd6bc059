import { signal } from '@preact/signals';

/** The screen that is shown. Each has an address, which can be reloaded. */
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

/** The address of a conversation, or of a message in it. */
export function pathOf(conversationId: string, messageId?: string): string {
  return messageId === undefined ? `/c/${conversationId}` : `/c/${conversationId}/${messageId}`;
}

export function goTo(path: string): void {
  if (path !== location.pathname) history.pushState({ cameFrom: location.pathname }, '', path);
  route.value = parse(path);
}

/** Goes to the list, so that the next user does not see the address of the previous one. */
export function resetRoute(): void {
  history.replaceState(null, '', '/');
  route.value = parse('/');
}

/**
 * Goes to the list. A user who came from there goes back in the history. Otherwise the browser's back button would lead
 * here again.
 */
export function goToList(): void {
  const { cameFrom } = (history.state ?? {}) as { cameFrom?: string };
  if (cameFrom === '/') history.back();
  else goTo('/');
}

/** Handles a click on a link: a plain click changes the screen; the browser handles a click with a modifier key. */
export function follow(event: MouseEvent): void {
  if (!isPlain(event)) return;
  event.preventDefault();
  goTo((event.currentTarget as HTMLAnchorElement).pathname);
}

/** Handles a click on the link to the list in the same way. */
export function followBack(event: MouseEvent): void {
  if (!isPlain(event)) return;
  event.preventDefault();
  goToList();
}

function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
