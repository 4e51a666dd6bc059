import type { FoundMessage, FoundMessages } from '@xfchat/client';
import { useState } from 'preact/hooks';
import type { Chat } from '../chat.ts';
import { useAnswer } from '../components/answer.ts';

const PAGE = 30;
/** The number of empty pages in a row that are read before the search pauses. */
const MAX_EMPTY = 5;

interface Found {
  readonly items: readonly FoundMessage[];
  readonly isWaiting: boolean;
  readonly failure: string | undefined;
  /** Fetches the next page, if there is one. */
  readonly more: (() => Promise<void>) | undefined;
}

/** Finds messages with the typed words, page by page. */
export function useFoundMessages(chat: Chat, query: string): Found {
  const [later, setLater] = useState<{ readonly of: FoundMessages; readonly pages: FoundMessages[] }>();
  const ask = async (q: string, cursor?: string): Promise<FoundMessages> => {
    let page = await chat.search.messages({ q, cursor, limit: PAGE });
    for (let empty = 1; page.items.length === 0 && page.nextCursor !== null && empty < MAX_EMPTY; empty++)
      page = await chat.search.messages({ q, cursor: page.nextCursor, limit: PAGE });
    return page;
  };
  const { answer, failure, isWaiting } = useAnswer(query, (q) => ask(q));
  const pages = answer ? [answer, ...(later?.of === answer ? later.pages : [])] : [];
  const cursor = pages.at(-1)?.nextCursor ?? undefined;
  const more = async (): Promise<void> => {
    const page = await ask(query, cursor);
    setLater({ of: answer!, pages: [...pages.slice(1), page] });
  };
  return {
    items: pages.flatMap(({ items }) => items),
    isWaiting,
    failure,
    more: cursor === undefined ? undefined : more,
  };
}
