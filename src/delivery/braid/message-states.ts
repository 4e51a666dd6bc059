import type { MessageView } from '../../features/messages/message-view';
import type { MessageHistory } from '../../features/messages/messages.service';

/**
 * The message at one of its versions. Fields without a history (`rev`, reactions, pins) have their current values. So
 * has a deletion, which removed the earlier bodies.
 */
export function stateAt({ message, versions }: MessageHistory, name: string): MessageView {
  const index = versions.findIndex(({ version }) => version === name);
  const found = versions[index];
  if (!found || found.version === message.version) return message;
  return {
    ...message,
    body: found.body,
    version: found.version,
    parents: found.parents,
    editedAt: index === 0 ? null : found.createdAt,
  };
}
