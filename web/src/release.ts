import { signal } from '@preact/signals';

/** Their names tell their content, so other names are another program. */
const ASSET = /(?:src|href)="(\/assets\/[^"]+)"/g;

/** The scripts of this page as it was loaded, before anything could be added. */
const own = assetsIn(document.head.innerHTML);

/** Whether the server has another release of this page than the one that runs here: it was upgraded meanwhile. */
export const isOutdated = signal(false);

/** Asks the server which release it has. While several servers are upgraded one after the other, the last one asked counts. */
export async function checkRelease(): Promise<void> {
  try {
    // Not `/`, for which the worker has an answer of its own.
    const response = await fetch('/index.html', { cache: 'no-cache' });
    const served = response.ok ? assetsIn(await response.text()) : [];
    // Without any it is not our page, but something in between that has answered.
    if (served.length > 0) isOutdated.value = own.some((path) => !served.includes(path));
  } catch {
    // Asked again with the next connection.
  }
}

function assetsIn(html: string): string[] {
  return [...html.matchAll(ASSET)].map(([, path]) => path!);
}
