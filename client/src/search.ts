import type { Call, RouteInput } from './routes.ts';
import type { FoundMessages } from './types.ts';

export type MessageQuery = RouteInput<'GET /search/messages'>['query'];

/** Finding messages by what they say. */
export class Search {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /**
   * One page, the newest first; with `cursor`, the one after it. An empty page may have a next one.
   * @throws XFChatError such as `validation-failed` for a query without a letter, number or picture
   */
  messages(query: MessageQuery): Promise<FoundMessages> {
    return this.call('GET /search/messages', { query });
  }
}
