import { signal } from '@preact/signals';

/** Asset names contain a hash of the content, so other names mean another release. */
const ASSET = /(?:src|href)="(\/assets\/[^"]+)"/g;

/** The assets of this page as it was loaded, before a program could add any. */
const own = assetsIn(document.head.innerHTML);

/** Whether the server has a newer release of this page, because it was upgraded. */
export const isOutdated = signal(false);

/** Asks the server for its release. While several servers are upgraded, the last answer counts. */
export async function checkRelease(): Promise<void> {
  try {
    // Not `/`, because the service worker answers that from its cache.
    const response = await fetch('/index.html', { cache: 'no-cache' });
    const served = response.ok ? assetsIn(await response.text()) : [];
    // An answer without assets is not our page: a proxy has answered.
    if (served.length > 0) isOutdated.value = own.some((path) => !served.includes(path));
  } catch {
    // The next connection asks again.
  }
}

function assetsIn(html: string): string[] {
  return [...html.matchAll(ASSET)].map(([, path]) => path!);
}
