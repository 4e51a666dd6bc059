import type { MessageView } from '../../features/messages/message-view';
import { patchUpdate, type Step } from './updates';

interface Shared {
  readonly key: string;
  readonly update: Buffer;
}

/** Forgotten together with the message. */
const updates = new WeakMap<MessageView, Shared>();

/**
 * The patch that puts a message in its place. Those who listen to the same conversation are told the same bytes, one
 * after the other: remembering the last ones is enough.
 */
export function sharedPatch(step: Step, range: string, message: MessageView): Buffer {
  const key = `${step.version[0]} ${step.parents[0]} ${range}`;
  const last = updates.get(message);
  if (last?.key === key) return last.update;
  const update = patchUpdate(step, range, Buffer.from(JSON.stringify(message)));
  updates.set(message, { key, update });
  return update;
}
