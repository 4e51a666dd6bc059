import type { Request } from 'express';
import { invalidField } from '../../platform/problems/problem';
import { parseVersions } from './version-list';

/** The values of Braid's request headers. */
export interface BraidHeaders {
  readonly version: string[] | undefined;
  readonly parents: string[] | undefined;
  /** As sent, since the response echoes it. Any value asks for a subscription, even an empty one. */
  readonly subscribe: string | undefined;
  /** The stream has a blank line at least this often. */
  readonly heartbeatMs: number | undefined;
  /** The program behind the request. Its streams leave out its own changes. */
  readonly peer: string | undefined;
}

const MIN_HEARTBEAT_MS = 500;
const MAX_HEARTBEAT_MS = 3_600_000;
const HEARTBEATS = /^(\d{1,7}(?:\.\d{1,6})?)\s*(s|ms)?$/;

/** A request with any of these headers is a Braid request. */
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

/** Parses seconds, with or without the unit: `30s`, `0.5`. */
function heartbeatIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, number, unit] = HEARTBEATS.exec(header.trim()) ?? [];
  if (number === undefined) throw invalidField('/headers/Heartbeats', 'must be seconds, like 30s');
  const asked = Number(number) * (unit === 'ms' ? 1 : 1_000);
  return Math.min(MAX_HEARTBEAT_MS, Math.max(MIN_HEARTBEAT_MS, asked));
}

/** Newer clients quote the peer, older ones do not. */
function unquoted(peer: string): string {
  return peer.replace(/^"(.*)"$/, '$1');
}

/**
 * How versions that do not know of each other are merged. `linear` merges nothing: an edit that is not based on the
 * current version is rejected (docs/adr/0018). Another rule would have another name here.
 */
export const MERGE_TYPE = 'linear';

function requireKnownMergeType(mergeType: string | undefined): void {
  if (mergeType === undefined || unquoted(mergeType.trim()) === MERGE_TYPE) return;
  throw invalidField('/headers/Merge-Type', `must be ${MERGE_TYPE}, or absent`);
}
