import { runInContext, type RequestContext } from '../../platform/request-context';
import type { Span } from '../../platform/tracing/span';
import type { AppendCommand } from './append-messages.queries';
import type { MessageView } from './message-view';

export interface StoredMessage {
  readonly message: MessageView;
  /** False when the same command had stored it before. */
  readonly isNew: boolean;
}

/** A message that waits for its batch, or is in one. */
export interface Pending {
  readonly command: AppendCommand;
  readonly context: RequestContext | undefined;
  /** On the clock of `performance.now()`, as the next. */
  readonly since: number;
  /** When it is too late to begin. */
  readonly latestStart: number;
  resolve(stored: StoredMessage): void;
  reject(error: Error): void;
}

export const conversationOf = (pending: Pending): string => pending.command.conversationId;

export const carriesAttachments = (pending: Pending): boolean => pending.command.attachmentIds.length > 0;

/** The messages of each conversation. */
export function partsOf(batch: Pending[]): Pending[][] {
  const parts = new Map<string, Pending[]>();
  for (const pending of batch) {
    const part = parts.get(conversationOf(pending));
    if (part) part.push(pending);
    else parts.set(conversationOf(pending), [pending]);
  }
  return [...parts.values()];
}

/** A batch may take as long as the most patient of its requests; the others are answered by their own deadline. */
export async function inBatchContext<T>(
  batch: Pending[],
  span: Span | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const contexts = batch.flatMap((pending) => pending.context ?? []);
  if (contexts.length === 0) return work();
  const latest = contexts.reduce((a, b) => (b.deadline > a.deadline ? b : a));
  return runInContext(new BatchContext(latest, contexts, span), work);
}

/**
 * A batch is in the trace of the first of its messages that has one, and linked with the others: one statement serves
 * many senders, and a span has one parent.
 */
export function spanOf(batch: Pending[]): Span | undefined {
  const traced = batch.flatMap(({ context }) => (context?.span?.isRecorded ? context.span : []));
  return traced[0]?.child('store messages', {
    attributes: { 'xfchat.messages': batch.length },
    on: traced,
  });
}

/** What is pending for the batch is pending for each of its requests, and not before it is sent. */
class BatchContext implements RequestContext {
  readonly requestId: string;
  readonly deadline: number;
  readonly traceId: string | undefined;
  readonly operation = 'message writer';
  readonly share = 'messages';

  constructor(
    latest: RequestContext,
    private readonly contexts: RequestContext[],
    readonly span: Span | undefined,
  ) {
    this.requestId = latest.requestId;
    this.deadline = latest.deadline;
    this.traceId = latest.traceId;
  }

  set writePending(isPending: boolean) {
    for (const context of this.contexts) context.writePending = isPending;
  }
}
