import type { MessageView } from '../../features/messages/message-view';
import type { MessageHistory } from '../../features/messages/messages.service';

/**
 * The message as it was at one of its versions. What has no history (its `rev`, reactions, whether it is pinned) is as
 * it is now; so is its deletion, which took the earlier bodies away.
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
