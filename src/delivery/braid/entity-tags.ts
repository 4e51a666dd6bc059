import type { MessageView } from '../../features/messages/message-view';
import { invalidField } from '../../platform/problems/problem';

const MAX_TAGS = 16;
const TAG = /^"([A-Za-z0-9._-]{1,128}):\d{1,16}"$/;

/** The version, and the `rev` of the last change of anything else: what is cached by one tag never changes. */
export const entityTagOf = ({ version, rev }: MessageView): string => `"${version}:${rev}"`;

/** RFC 9110, section 8.8.3. A comma may stand within the quotes. */
const ENTITY_TAGS = /^\s*(?:W\/)?"[^"]*"\s*(?:,\s*(?:W\/)?"[^"]*"\s*)*$/;
const ENTITY_TAG = /(?:W\/)?"[^"]*"/g;

/**
 * The versions that `If-Match` names; undefined when any version will do. Only the version counts: a reaction that came
 * meanwhile is no reason to refuse an edit. A tag that is none of this server's, or a weak one, names no version.
 * @throws Problem `validation-failed` for what is no list of entity tags
 */
export function versionsOfIfMatch(header: string): string[] | undefined {
  if (header.trim() === '*') return undefined;
  const tags = ENTITY_TAGS.test(header) ? header.match(ENTITY_TAG)! : [];
  if (tags.length === 0 || tags.length > MAX_TAGS)
    throw invalidField('/headers/If-Match', `must be * or 1 to ${MAX_TAGS} entity tags`);
  return tags.flatMap((tag) => TAG.exec(tag)?.[1] ?? []);
}
