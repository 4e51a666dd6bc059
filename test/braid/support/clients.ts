import { subscribe } from '@braid-protocol/client';
import { fetch as braidFetch, type BraidUpdate } from 'braid-http';
import type { Resource } from '../target';

/** A message as a client received it. */
export interface Told {
  readonly version: string;
  readonly message: { id: string; seq: number; body: string | null };
}

/** A subscriber with a real client, which reconnects after every break and keeps the received messages. */
export interface Follower {
  readonly told: Told[];
  stop(): void;
}

/** braid-http reconnects by itself, and asks for the version to resume from. */
export async function followWithBraidHttp({ url, headers }: Resource, from: string): Promise<Follower> {
  const told: Told[] = [];
  const controller = new AbortController();
  let version = from;
  const response = await braidFetch(url, {
    headers: { ...headers },
    subscribe: true,
    retry: true,
    parents: () => [version],
    signal: controller.signal,
  });
  response.subscribe(
    (update: BraidUpdate) => {
      version = update.version![0]!;
      for (const { content_text: text } of update.patches ?? [])
        told.push({ version, message: JSON.parse(text) as Told['message'] });
    },
    () => undefined,
  );
  return { told, stop: () => controller.abort() };
}

/** @braid-protocol/client is an older client by other authors, which ends with its connection. */
export function followWithOlderClient({ url, headers }: Resource, from: string): Follower {
  const told: Told[] = [];
  let version = from;
  let isStopped = false;
  const follow = async (): Promise<void> => {
    const { updates, initialVersion } = await subscribe<null>(url, {
      reqHeaders: { ...headers, parents: `"${version}"` },
      applyPatch: (_document, _type, content) => {
        const message = JSON.parse(new TextDecoder().decode(content)) as Told['message'];
        told.push({ version: `${message.seq}.0`, message });
        return null;
      },
    });
    version = versionIn(initialVersion) ?? version;
    for await (const update of updates) version = versionIn(update.version) ?? version;
  };
  const goOn = async (): Promise<void> => {
    while (!isStopped) {
      await follow().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  void goOn();
  return { told, stop: () => (isStopped = true) };
}

function versionIn(header: string | null): string | undefined {
  return header === null ? undefined : (JSON.parse(`[${header}]`) as string[])[0];
}
