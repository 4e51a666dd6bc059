import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT } from '../../client/src/account-states';
import { CONVERSATION } from '../../client/src/catch-up-states';
import { FEED, RESPONSE } from '../../src/delivery/braid/stream-states';
import { BATCHES, FAILED_BATCH, MESSAGE, QUEUE } from '../../src/features/messages/message-writer-states';
import { SOCKET } from '../../src/platform/sockets/socket-states';
import { decidedRows, documentedRows, type StateTable } from './state-tables';

const DOCUMENT = readFileSync(join(__dirname, '../../docs/states.md'), 'utf8');

describe('docs/states.md', () => {
  it.each<[what: string, table: StateTable]>([
    ['a message of the writer', MESSAGE],
    ['a conversation of the writer', QUEUE],
    ['the batches of the writer', BATCHES],
    ['a batch whose statement failed', FAILED_BATCH],
    ['a socket', SOCKET],
    ['the response of a stream', RESPONSE],
    ['a conversation of a timeline', FEED],
    ['a conversation that catches up', CONVERSATION],
    ['an account', ACCOUNT],
  ])('has the table of %s', (_what, table) => {
    expect(documentedRows(DOCUMENT, table)).toEqual(decidedRows(table));
  });
});
