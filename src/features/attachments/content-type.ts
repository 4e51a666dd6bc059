import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type/core';

/** The beginning of a file suffices to detect its type. */
export const HEAD_BYTES = 64 * 1024;

/** Types that a browser may show in a page. None of them can hold a script. */
const SHOWN = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  ...['audio/mpeg', 'audio/ogg', 'audio/wav', 'audio/mp4', 'audio/x-m4a', 'audio/flac', 'audio/webm'],
  ...['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
]);

/** Control characters that do not occur in text. */
// eslint-disable-next-line no-control-regex -- it looks for control characters
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/**
 * Detects the media type from the content alone. HTML, SVG and scripts are text: they become `text/plain` or
 * `application/xml`, and browsers only download them.
 * @param head the first `HEAD_BYTES`, or all of a shorter file
 */
export async function contentTypeOf(head: Buffer): Promise<string> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  // Some types have parameters, such as `codecs`.
  if (found) return found.mime.split(';')[0]!.trim();
  return isText(head) ? 'text/plain' : 'application/octet-stream';
}

export const isShown = (type: string): boolean => SHOWN.has(type);

/** A cut head may end within a character. */
function isText(head: Buffer): boolean {
  const isCut = head.length === HEAD_BYTES;
  const whole = [0, 1, 2, 3]
    .slice(0, isCut ? 4 : 1)
    .find((cut) => isUtf8(head.subarray(0, head.length - cut)));
  return whole !== undefined && !BINARY.test(head.toString('latin1'));
}
