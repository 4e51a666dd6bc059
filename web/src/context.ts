import type { Conversation } from '@xfchat/client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Chat } from './chat.ts';

export const ChatContext = createContext<Chat | undefined>(undefined);

export function useChat(): Chat {
  return useContext(ChatContext)!;
}

/**
 * A conversation stays the same object, so a component that is given one is drawn anew only when it asks for this: a number
 * that grows with each change.
 */
export function useChangesOf({ id }: Conversation): number {
  return useChat().versionOf(id).value;
}
