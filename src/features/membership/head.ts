import { integer, record } from '../../platform/documents/schema';

/** The newest position of a conversation, or a client's cursor in it. */
export const headSchema = record('Head', {
  seq: integer(0, { description: 'The `seq` of the newest message.', example: 7 }),
  rev: integer(0, { description: 'The `rev` of the newest change.', example: 2 }),
});
