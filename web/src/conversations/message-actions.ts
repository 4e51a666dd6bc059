import type { Message } from '@xfchat/client';

/** The actions on a message, from its row. */
export interface MessageActions {
  readonly reply: (message: Message) => void;
  /** Opens the choice of emoji. */
  readonly react: (message: Message) => void;
  /** Puts one's own emoji to the message, or takes it back. */
  readonly toggleReaction: (message: Message, emoji: string) => void;
  /** Pins the message, or takes the pin off. */
  readonly togglePin: (message: Message) => void;
  readonly edit: (message: Message) => void;
  readonly delete: (message: Message) => void;
  readonly showHistory: (message: Message) => void;
  /** Shows the message that another one answers. */
  readonly jumpTo: (messageId: string) => void;
  readonly retry: (messageId: string) => void;
  readonly discard: (messageId: string) => void;
}
