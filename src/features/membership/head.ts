import { integer, record } from '../../platform/documents/schema';

/** How far a conversation has come, or how far a client knows it. */
export const headSchema = record('Head', {
  seq: integer(0, { description: 'Of the newest message.', example: 7 }),
  rev: integer(0, { description: 'Of the newest change.', example: 2 }),
});
