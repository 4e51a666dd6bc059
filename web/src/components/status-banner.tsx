import { useChat } from '../context.ts';
import { isOutdated } from '../release.ts';
import { Icon } from './icon.tsx';

/** Tells what does not work right now, and what that means for what one writes. */
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

/** The server was upgraded under this page. When to go over to the new one is for the person to say. */
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
          <span>There is a new version of this page. Messages and drafts are kept.</span>
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
    return 'This browser could not keep everything on this device. What was not sent may be lost with this page.';
  return undefined;
}

/** Says what does not work, where messages are kept meanwhile, and when they are sent. */
const TEXTS: Readonly<Record<string, { readonly kept: string; readonly inMemory: string }>> = {
  offline: {
    kept: 'No connection. What you write is kept on this device, and sent as soon as you are back.',
    inMemory: 'No connection. Leave this page open: what you write is kept in it alone until you are back.',
  },
  maintenance: {
    kept: 'The server is being maintained. You can read; what you write is kept here, and sent afterwards.',
    inMemory: 'The server is being maintained. Leave this page open: what you write is kept in it alone.',
  },
  degraded: {
    kept: 'The server cannot reach its data right now. What you write is kept here, and sent as soon as it can.',
    inMemory:
      'The server cannot reach its data right now. Leave this page open: what you write is kept in it alone.',
  },
};
