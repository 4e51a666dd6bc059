import { strict as assert } from 'node:assert';
import type { Resource } from '../target';
import { RawExchange } from './raw-exchange';
import type { Update } from './update-parser';

type Headers = Readonly<Record<string, string>>;

/** Formats a list of versions as headers have it. */
export const list = (...ids: string[]): string => ids.map((id) => JSON.stringify(id)).join(', ');

export const textOf = (body: string | undefined): string => (JSON.parse(body ?? '') as { body: string }).body;

export function get(resource: Resource, headers: Headers = {}, method = 'GET'): Promise<RawExchange> {
  return RawExchange.whole(resource.url, { method, headers: { ...resource.headers, ...headers } });
}

export function put(resource: Resource, headers: Headers, body: string | Buffer): Promise<RawExchange> {
  return RawExchange.whole(resource.url, {
    method: 'PUT',
    headers: { ...resource.headers, ...headers },
    body,
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** A PUT of the whole resource. */
export function edit(resource: Resource, text: string, headers: Headers): Promise<RawExchange> {
  return put(resource, { ...JSON_TYPE, ...headers }, JSON.stringify({ body: text }));
}

/** Makes successive edits, with versions named like their texts. Each must be accepted. */
export async function editInTurn(resource: Resource, from: string, texts: readonly string[]): Promise<void> {
  let parent = from;
  for (const text of texts) {
    const answer = await edit(resource, text, { Version: list(text), Parents: list(parent) });
    assert.equal(answer.status, 200, answer.text);
    parent = text;
  }
}

/** The current version of the resource. */
export async function versionOf(resource: Resource): Promise<string> {
  const versions = (await get(resource)).list('Version');
  assert.equal(versions?.length, 1, 'a resource names its current version');
  return versions[0]!;
}

/** Runs `work` with a subscription, which is closed afterwards. */
export async function subscribed<T>(
  resource: Resource,
  headers: Headers,
  work: (stream: RawExchange) => Promise<T>,
): Promise<T> {
  const stream = await RawExchange.begin(resource.url, {
    headers: { ...resource.headers, Subscribe: 'true', ...headers },
  });
  try {
    assert.equal(stream.status, 209, stream.text);
    return await work(stream);
  } finally {
    stream.close();
  }
}

/** Asserts that each update is based on the one before. */
export function assertChain(updates: readonly Update[]): void {
  for (const [index, { version, parents }] of updates.entries()) {
    assert.equal(version?.length, 1, 'an update names its version');
    if (index > 0) assert.deepEqual(parents, updates[index - 1]!.version, 'an update names its parents');
  }
}
