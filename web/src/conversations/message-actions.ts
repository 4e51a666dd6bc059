import type { Message } from '@xfchat/client';

/** What can be done about a message, from its row. */
export interface MessageActions {
  reply(message: Message): void;
  edit(message: Message): void;
  delete(message: Message): void;
  showHistory(message: Message): void;
  /** Shows the message that another one answers. */
  jumpTo(messageId: string): void;
  retry(messageId: string): void;
  discard(messageId: string): void;
}
