/** Who participates in a conversation hears what is sent to its room. */
export const conversationRoom = (conversationId: string): string => `conversation:${conversationId}`;
