import type { Call, RouteInput } from './routes.ts';
import type { FoundMessages } from './types.ts';

/** The query text with its filters, the limit and the cursor of a page. */
export type MessageQuery = RouteInput<'GET /search/messages'>['query'];

/** Finds messages by the words in them. */
export class Search {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /**
   * Reads one page of results, the newest message first. Pass `nextCursor` as `cursor` to read the next page. An empty page
   * may be followed by another one.
   * @throws XFChatError such as `validation-failed` for a query without any letter, digit or emoji
   */
  messages(query: MessageQuery): Promise<FoundMessages> {
    return this.call('GET /search/messages', { query });
  }
}
