import type { XFChatClient } from '@xfchat/client';

/** Asks the server as one user. */
export type Request = XFChatClient['request'];
