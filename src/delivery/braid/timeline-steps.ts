import type { Changes } from '../../features/catch-up/catch-up.dto';
import type { MessageView } from '../../features/messages/message-view';
import type { Position } from './positions';
import type { Hint } from './subscriptions';

/** A version of a timeline, and the message that it changed, if any. */
interface TimelineStep {
  readonly position: Position;
  readonly message: MessageView | undefined;
}

/** The position after an event: 'known' when the reader has it, 'hole' when something is missing in between. */
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
 * Turns one answer of the catch-up into versions, none of which claims more than was sent before it. New messages come
 * first, by `seq`, then changed messages by `rev`, then the remaining `rev`s, which changed no message.
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
