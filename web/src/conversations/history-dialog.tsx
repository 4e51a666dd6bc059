import type { Message } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Dialog } from '../components/dialog.tsx';
import { Failure } from '../components/failure.tsx';
import { Differences } from '../text/differences.tsx';
import { wholeTime } from '../times.ts';

interface Version {
  readonly version: string;
  readonly body: string | null;
  readonly createdAt: string;
}

/** All that a message has ever said, the newest first, each with what was changed. */
export function HistoryDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { request } = useChat();
  const attempt = useAttempt();
  const [versions, setVersions] = useState<readonly Version[]>();
  useEffect(() => {
    const path = `/conversations/${message.conversationId}/messages/${message.id}/versions`;
    void attempt.run(async () => {
      const { items } = await request<{ items: readonly Version[] }>('GET', path);
      setVersions(items);
    });
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
              {before ? 'Changed' : 'Written'}{' '}
              <time dateTime={version.createdAt}>{wholeTime(version.createdAt)}</time>
            </h3>
            {version.body === null ? (
              <p class="muted">What it said then is not kept any more.</p>
            ) : (
              <Differences from={before?.body ?? version.body} to={version.body} />
            )}
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
