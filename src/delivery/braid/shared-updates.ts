import type { MessageView } from '../../features/messages/message-view';
import { patchUpdate, type Step } from './updates';

interface Shared {
  readonly key: string;
  readonly update: Buffer;
}

/** An entry lives as long as its message. */
const updates = new WeakMap<MessageView, Shared>();

/**
 * Encodes the patch that puts a message in its place. All readers of a conversation get the same bytes, one after the
 * other, so it remembers only the last ones.
 */
export function sharedPatch(step: Step, range: string, message: MessageView): Buffer {
  const key = `${step.version[0]} ${step.parents[0]} ${range}`;
  const last = updates.get(message);
  if (last?.key === key) return last.update;
  const update = patchUpdate(step, range, Buffer.from(JSON.stringify(message)));
  updates.set(message, { key, update });
  return update;
}
