import type { Changes } from '../../features/catch-up/catch-up.dto';
import type { MessageView } from '../../features/messages/message-view';
import type { Position } from './positions';
import type { Hint } from './subscriptions';

/** A version of a timeline, and the message that it changed, if it changed any. */
interface TimelineStep {
  readonly position: Position;
  readonly message: MessageView | undefined;
}

/** Where a hint leads to: 'known' when it was told before, 'hole' when it leaves something out. */
export function positionAfter({ seq, rev }: Position, hint: Hint): Position | 'known' | 'hole' {
  if ('seq' in hint) {
    if (hint.seq <= seq) return 'known';
    return hint.seq === seq + 1 ? { seq: hint.seq, rev } : 'hole';
  }
  if (hint.rev <= rev) return 'known';
  const isNext = hint.rev === rev + 1 && (hint.message === undefined || hint.message.seq <= seq);
  return isNext ? { seq, rev: hint.rev } : 'hole';
}

/**
 * One answer of the catch-up as versions, none of which claims more than was told before it: what is new by `seq`, then
 * what has changed by `rev`, then the rest of the `rev`s, which changed no message.
 */
export function stepsOf({ seq, rev }: Position, { messages, cursor }: Changes): TimelineStep[] {
  const created = messages.filter((message) => message.seq > seq);
  const changed = messages.filter((message) => message.seq <= seq).sort((a, b) => a.rev - b.rev);
  const steps: TimelineStep[] = [
    ...created.map((message) => ({ position: { seq: message.seq, rev }, message })),
    ...changed.map((message) => ({ position: { seq: cursor.seq, rev: message.rev }, message })),
  ];
  const isRest = (changed.at(-1)?.rev ?? rev) < cursor.rev;
  return isRest ? [...steps, { position: cursor, message: undefined }] : steps;
}
