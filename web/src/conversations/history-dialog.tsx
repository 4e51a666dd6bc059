import type { Conversation, Message, MessageVersion } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { Differences } from '../text/differences.tsx';
import { wholeTime } from '../times.ts';

interface HistoryProps {
  readonly conversation: Conversation;
  readonly message: Message;
  readonly onClose: () => void;
}

/** All versions of a message, the newest first, with the changes of each. */
export function HistoryDialog({ conversation, message, onClose }: HistoryProps) {
  const attempt = useAttempt();
  const [versions, setVersions] = useState<readonly MessageVersion[]>();
  useEffect(() => {
    void attempt.run(async () => setVersions(await conversation.versions(message)));
  }, [message.version]);
  const newestFirst = versions?.map((version, index) => ({ version, before: versions[index - 1] })).reverse();
  return (
    <Dialog title="Versions of this message" onClose={onClose}>
      <Failure text={attempt.failure} />
      {!versions && attempt.isBusy && <p class="muted">Loading …</p>}
      <ol class="versions">
        {newestFirst?.map(({ version, before }) => (
          <li key={version.version}>
            <h3>
              {before ? 'Edited' : 'Written'}{' '}
              <time dateTime={version.createdAt}>{wholeTime(version.createdAt)}</time>
            </h3>
            {version.body === null ? (
              <p class="muted">The text of this version is no longer kept.</p>
            ) : (
              <Differences from={before?.body ?? version.body} to={version.body} />
            )}
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
