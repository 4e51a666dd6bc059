/** The room of a conversation. The sockets of its participants join it. */
export const conversationRoom = (conversationId: string): string => `conversation:${conversationId}`;
