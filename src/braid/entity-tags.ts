import type { MessageView } from '../messages/message-view';
import { invalidField } from '../platform/problems/problem';

const MAX_TAGS = 16;
const TAG = /^\s*"([A-Za-z0-9._-]{1,128}):\d{1,16}"\s*$/;

/** The version, and the `rev` of the last change of anything else: what is cached by one tag never changes. */
export const entityTagOf = ({ version, rev }: MessageView): string => `"${version}:${rev}"`;

/**
 * What `If-Match` says that an edit is based on; undefined when any version will do. Only the version counts: a
 * reaction that came meanwhile is no reason to refuse an edit.
 * @throws Problem `validation-failed`
 */
export function basisOfIfMatch(header: string, current: string): string[] | undefined {
  if (header.trim() === '*') return undefined;
  const versions = header.split(',').map((tag) => TAG.exec(tag)?.[1]);
  const [first] = versions;
  if (first === undefined || versions.includes(undefined) || versions.length > MAX_TAGS)
    throw invalidField('/headers/If-Match', 'must be entity tags of this message');
  return [versions.includes(current) ? current : first];
}
