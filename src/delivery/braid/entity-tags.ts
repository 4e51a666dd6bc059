import type { MessageView } from '../../features/messages/message-view';
import { invalidField } from '../../platform/problems/problem';

const MAX_TAGS = 16;
const TAG = /^"([A-Za-z0-9._-]{1,128}):\d{1,16}"$/;

/** The version, and the `rev` of the last other change. So what one tag caches never changes. */
export const entityTagOf = ({ version, rev }: MessageView): string => `"${version}:${rev}"`;

/** RFC 9110, section 8.8.3. The quoted part may contain commas. */
const ENTITY_TAGS = /^\s*(?:W\/)?"[^"]*"\s*(?:,\s*(?:W\/)?"[^"]*"\s*)*$/;
const ENTITY_TAG = /(?:W\/)?"[^"]*"/g;

/**
 * The versions that `If-Match` names; undefined when any version will do. Only the version counts: a reaction that came
 * meanwhile is no reason to reject an edit. A weak or foreign tag names no version.
 * @throws Problem `validation-failed` unless the header is a list of entity tags
 */
export function versionsOfIfMatch(header: string): string[] | undefined {
  if (header.trim() === '*') return undefined;
  const tags = ENTITY_TAGS.test(header) ? header.match(ENTITY_TAG)! : [];
  if (tags.length === 0 || tags.length > MAX_TAGS)
    throw invalidField('/headers/If-Match', `must be * or 1 to ${MAX_TAGS} entity tags`);
  return tags.flatMap((tag) => TAG.exec(tag)?.[1] ?? []);
}
