import { useChat } from '../context.ts';
import { isOutdated } from '../release.ts';
import { Icon } from './icon.tsx';

/** Says what does not work right now, and how that affects messages. */
export function StatusBanner() {
  const { isOnline, serverStatus, hasStorageFailed } = useChat();
  const text = words(isOnline.value, serverStatus.value, hasStorageFailed.value);
  return (
    <div role="status" class={text ? 'banner' : undefined}>
      {text && <Icon name="alert" />}
      {text && <span>{text}</span>}
    </div>
  );
}

/** Offers to reload the page after the server was upgraded. The user chooses when. */
export function ReleaseBanner() {
  const { drafts } = useChat();
  const reload = async (): Promise<void> => {
    await drafts.flush();
    location.reload();
  };
  return (
    <div role="status" class={isOutdated.value ? 'banner news' : undefined}>
      {isOutdated.value && (
        <>
          <span>A new version of this page is available. Your messages and drafts are kept.</span>
          <button type="button" class="link" onClick={() => void reload()}>
            Reload
          </button>
        </>
      )}
    </div>
  );
}

function words(isOnline: boolean, status: string, hasStorageFailed: boolean): string | undefined {
  const trouble = isOnline ? status : 'offline';
  const texts = TEXTS[trouble];
  if (texts) return hasStorageFailed ? texts.inMemory : texts.kept;
  if (hasStorageFailed)
    return 'This browser could not save everything. Messages that are not sent yet may be lost when you close this page.';
  return undefined;
}

/** Says what does not work, where messages are kept meanwhile, and when they are sent. */
const TEXTS: Readonly<Record<string, { readonly kept: string; readonly inMemory: string }>> = {
  offline: {
    kept: 'No connection. Your messages are kept on this device and sent as soon as you are back online.',
    inMemory: 'No connection. Keep this page open: only this page has your unsent messages.',
  },
  maintenance: {
    kept: 'The server is under maintenance. You can read. Your messages are kept on this device and sent afterwards.',
    inMemory:
      'The server is under maintenance. Keep this page open: only this page has your unsent messages.',
  },
  degraded: {
    kept: 'The server cannot reach its data right now. Your messages are kept on this device and sent as soon as possible.',
    inMemory:
      'The server cannot reach its data right now. Keep this page open: only this page has your unsent messages.',
  },
};
