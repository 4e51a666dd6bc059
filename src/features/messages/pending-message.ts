import type { RequestContext } from '../../platform/request-context';
import type { AppendCommand } from './append-messages.queries';
import { MESSAGE, type MessageEffect, type MessageState, type MessageTrigger } from './message-writer-states';
import type { MessageView } from './message-view';

export interface StoredMessage {
  readonly message: MessageView;
  /** False when the same command was stored before. */
  readonly isNew: boolean;
}

/** A message that the writer was given. */
export interface Pending {
  state: MessageState;
  readonly command: AppendCommand;
  readonly context: RequestContext | undefined;
  /** In milliseconds of `performance.now()`, like `latestStart`. */
  readonly since: number;
  /** The writer rejects the message when its batch has not begun by then. */
  readonly latestStart: number;
  /** The stored row; set once the statement has committed. */
  stored: StoredMessage | undefined;
  resolve(stored: StoredMessage): void;
  reject(error: Error): void;
}

export const conversationOf = (pending: Pending): string => pending.command.conversationId;

export const carriesAttachments = (pending: Pending): boolean => pending.command.attachmentIds.length > 0;

/** Does with a message what the table says. @param error the reason, for a trigger that may reject it */
export function handle(pending: Pending, trigger: MessageTrigger, error?: Error): void {
  EFFECTS[MESSAGE[pending.state][trigger]](pending, error);
}

const EFFECTS = {
  sent: (pending) => (pending.state = 'sent'),
  committed: (pending) => (pending.state = 'committed'),
  acknowledge: (pending) => {
    pending.state = 'settled';
    pending.resolve(pending.stored!);
  },
  reject: (pending, error) => {
    pending.state = 'settled';
    pending.reject(error!);
  },
  stay: () => undefined,
  never: () => undefined,
} satisfies Record<MessageEffect, (pending: Pending, error: Error | undefined) => void>;
