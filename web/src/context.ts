import type { Conversation } from '@xfchat/client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Chat } from './chat.ts';

export const ChatContext = createContext<Chat | undefined>(undefined);

export function useChat(): Chat {
  return useContext(ChatContext)!;
}

/**
 * Renders the component again after each change of the conversation, which stays the same object.
 * @returns a number that increases with each change
 */
export function useChangesOf({ id }: Conversation): number {
  return useChat().versionOf(id).value;
}
