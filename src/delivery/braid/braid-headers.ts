import type { Request } from 'express';
import { invalidField } from '../../platform/problems/problem';
import { parseVersions } from './version-list';

/** What a request says in Braid's own headers. */
export interface BraidHeaders {
  readonly version: string[] | undefined;
  readonly parents: string[] | undefined;
  /** As sent: it has to be echoed. Any value asks for a subscription, the empty one too. */
  readonly subscribe: string | undefined;
  /** A blank line at least so often. */
  readonly heartbeatMs: number | undefined;
  /** The program behind the request, which need not be told what it has done itself. */
  readonly peer: string | undefined;
}

const MIN_HEARTBEAT_MS = 500;
const MAX_HEARTBEAT_MS = 3_600_000;
const HEARTBEATS = /^(\d{1,7}(?:\.\d{1,6})?)\s*(s|ms)?$/;

/** The names of the headers that make a request a Braid request. */
const NAMES = ['version', 'parents', 'subscribe', 'merge-type', 'peer', 'patches', 'content-range'];

export const isBraid = (request: Request): boolean =>
  NAMES.some((name) => request.headers[name] !== undefined);

/** @throws Problem `validation-failed` */
export function readBraidHeaders(request: Request): BraidHeaders {
  const { subscribe, peer } = request.headers as Record<string, string | undefined>;
  const version = versionsIn(request, 'Version');
  if (subscribe !== undefined && version)
    throw invalidField('/headers/Version', 'does not go with Subscribe; Parents does');
  requireKnownMergeType(request.get('merge-type'));
  return {
    version,
    parents: versionsIn(request, 'Parents'),
    subscribe,
    heartbeatMs: heartbeatIn(request.get('heartbeats')),
    peer: peer && unquoted(peer),
  };
}

function versionsIn(request: Request, name: 'Version' | 'Parents'): string[] | undefined {
  const header = request.headers[name.toLowerCase()];
  return header === undefined ? undefined : parseVersions(name, String(header));
}

/** Seconds, with or without the unit: `30s`, `0.5`. */
function heartbeatIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, number, unit] = HEARTBEATS.exec(header.trim()) ?? [];
  if (number === undefined) throw invalidField('/headers/Heartbeats', 'must be seconds, like 30s');
  const asked = Number(number) * (unit === 'ms' ? 1 : 1_000);
  return Math.min(MAX_HEARTBEAT_MS, Math.max(MIN_HEARTBEAT_MS, asked));
}

/** Newer clients quote it, older ones do not. */
function unquoted(peer: string): string {
  return peer.replace(/^"(.*)"$/, '$1');
}

/**
 * The rules by which versions that do not know of each other may be joined. `linear` joins nothing: what is not based
 * on the current version is refused (docs/adr/0018). Another rule is another name here.
 */
export const MERGE_TYPE = 'linear';

function requireKnownMergeType(mergeType: string | undefined): void {
  if (mergeType === undefined || unquoted(mergeType.trim()) === MERGE_TYPE) return;
  throw invalidField('/headers/Merge-Type', `must be ${MERGE_TYPE}, or absent`);
}
