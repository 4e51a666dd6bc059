import type { Response } from 'express';
import type { MessageView } from '../../features/messages/message-view';
import {
  PRECONDITION_FAILED,
  VERSION_CONFLICT,
  VERSION_NOT_FOUND,
} from '../../features/messages/messages.problems';
import { Problem } from '../../platform/problems/problem';
import { MERGE_TYPE } from './braid-headers';
import { entityTagOf } from './entity-tags';
import { formatVersions } from './version-list';

/** Answers differ by these headers of the request. */
export function vary(response: Response): void {
  response.vary('Version, Parents, Subscribe');
}

/** Sets the headers that describe the message in the body. A root version has no parents to name. */
export function tagMessage(response: Response, state: MessageView, currentVersion: string): void {
  response.setHeader('Version', formatVersions([state.version]));
  if (state.parents.length > 0) response.setHeader('Parents', formatVersions(state.parents));
  response.setHeader('Current-Version', formatVersions([currentVersion]));
  response.setHeader('Merge-Type', MERGE_TYPE);
  if (state.version === currentVersion) response.setHeader('ETag', entityTagOf(state));
}

export function tagConflict(response: Response, error: unknown): void {
  if (!(error instanceof Problem) || ![VERSION_CONFLICT, PRECONDITION_FAILED].includes(error.kind)) return;
  const current = error.fields.carried?.current as MessageView;
  response.setHeader('Current-Version', formatVersions([current.version]));
}

/**
 * Rejects ids that the history does not have.
 * @param options.mayComeLater unknown ids may still arrive, so a retry makes sense
 * @returns the ids
 * @throws Problem `version-not-found`; the header of the same name lists the unknown ids
 */
export function requireKnown(
  response: Response,
  header: 'Version' | 'Parents',
  ids: string[],
  known: readonly string[],
  { mayComeLater = false } = {},
): string[] {
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length === 0) return ids;
  return refuseUnknown(response, header, unknown, mayComeLater);
}

/** @throws Problem `version-not-found` */
export function refuseUnknown(
  response: Response,
  header: 'Version' | 'Parents',
  unknown: string[],
  mayComeLater = false,
): never {
  response.setHeader(header, formatVersions(unknown));
  response.statusMessage = 'Version Not Found';
  throw new Problem(VERSION_NOT_FOUND, mayComeLater ? { retryAfter: 1 } : {});
}
