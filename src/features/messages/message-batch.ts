import { runInContext, type RequestContext } from '../../platform/request-context';
import type { Span } from '../../platform/tracing/span';
import { conversationOf, type Pending } from './pending-message';

/** Splits a batch by conversation. */
export function partsOf(batch: Pending[]): Pending[][] {
  const parts = new Map<string, Pending[]>();
  for (const pending of batch) {
    const part = parts.get(conversationOf(pending));
    if (part) part.push(pending);
    else parts.set(conversationOf(pending), [pending]);
  }
  return [...parts.values()];
}

/** Runs the work with the latest deadline in the batch. Each request still answers at its own deadline. */
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
 * Puts a batch into the trace of its first traced message and links it with the other traces. One statement serves many
 * senders, but a span has only one parent.
 */
export function spanOf(batch: Pending[]): Span | undefined {
  const traced = batch.flatMap(({ context }) => (context?.span?.isRecorded ? context.span : []));
  return traced[0]?.child('store messages', {
    attributes: { 'xfchat.messages': batch.length },
    on: traced,
  });
}

/**
 * Passes on to each request of the batch whether a statement is pending. No request counts as pending before the batch
 * is sent.
 */
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
