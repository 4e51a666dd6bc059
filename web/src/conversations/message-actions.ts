import type { Message } from '@xfchat/client';

/** The actions that the row of a message offers. */
export interface MessageActions {
  readonly reply: (message: Message) => void;
  /** Opens the dialog with emoji. */
  readonly react: (message: Message) => void;
  /** Adds the user's reaction, or removes it. */
  readonly toggleReaction: (message: Message, emoji: string) => void;
  /** Pins the message, or unpins it. */
  readonly togglePin: (message: Message) => void;
  readonly edit: (message: Message) => void;
  readonly delete: (message: Message) => void;
  readonly showHistory: (message: Message) => void;
  /** Scrolls to a message, such as the one that was replied to. */
  readonly jumpTo: (messageId: string) => void;
  readonly retry: (messageId: string) => void;
  readonly discard: (messageId: string) => void;
}
