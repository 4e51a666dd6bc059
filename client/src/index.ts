export { XFChatClient } from './client.ts';
export type { ClientEvents, ClientOptions } from './client-options.ts';
export type { BackoffOptions } from './backoff.ts';
export type * from './types.ts';
export { EditConflict, type CompletenessStatus, type Conversation } from './conversation.ts';
export type { OutgoingMessage } from './outbox.ts';
export { XFChatError, type Problem } from './problem.ts';
export { MemoryStorage, type ClientStorage } from './storage.ts';
