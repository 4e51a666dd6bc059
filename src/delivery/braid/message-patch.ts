import { isUtf8 } from 'node:buffer';
import { codePoints } from '../../platform/validation/field-rules';
import { MESSAGE_TOO_LONG, RANGE_NOT_SATISFIABLE } from '../../features/messages/messages.problems';
import { MALFORMED_REQUEST } from '../../platform/problems/general-problems';
import { invalidField, Problem } from '../../platform/problems/problem';

/** A change of the part of the resource that `Content-Range` names. */
export interface Patch {
  readonly unit: string;
  readonly range: string;
  readonly content: Buffer;
}

const MAX_PATCHES = 100;
/** The most bytes of the headers of one part, in a request with several patches. */
const MAX_PART_HEADER_BYTES = 4_096;
/** Between two patches the text may exceed a message's limit, but not so far that patching gets slow. */
const MAX_INTERMEDIATE_CHARACTERS = 20_000;
const CONTENT_RANGE = /^(\S+)(?: (.*))?$/;
const BLANK_LINE = /\r?\n\r?\n/;
/** `.body` or `["body"]`, with an optional part of it. Negative positions count from the end, which is `-0`. */
const BODY_RANGE = /^(?:\.body|\["body"\])(?:\[(-?\d{1,6}):(-?\d{1,6})\])?$/;

/**
 * Parses the patches of a PUT. Clients send a single one as `Content-Range` with the content as body, and several as
 * `Patches: N` with N parts, each with headers of its own.
 * @throws Problem `malformed-request` or `range-not-satisfiable`
 */
export function readPatches(headers: { patches?: string; 'content-range'?: string }, bytes: Buffer): Patch[] {
  if (headers.patches === undefined)
    return [{ ...unitAndRange(headers['content-range'] ?? ''), content: bytes }];
  const count = /^\d{1,3}$/.test(headers.patches) ? Number(headers.patches) : Infinity;
  if (count > MAX_PATCHES) throw invalidField('/headers/Patches', `must be a number up to ${MAX_PATCHES}`);
  const patches: Patch[] = [];
  let rest = bytes;
  while (patches.length < count) {
    const { patch, after } = readPart(rest);
    patches.push(patch);
    rest = after;
  }
  if (rest.toString('latin1').trim() !== '') throw malformed('there is more than the patches announced');
  return patches;
}

function readPart(bytes: Buffer): { patch: Patch; after: Buffer } {
  let start = 0;
  while (bytes[start] === 13 || bytes[start] === 10) start++;
  const text = bytes.toString('latin1', start, start + MAX_PART_HEADER_BYTES);
  const gap = BLANK_LINE.exec(text);
  if (!gap) throw malformed('there are fewer patches than announced');
  const headers = new Map(
    text
      .slice(0, gap.index)
      .split(/\r?\n/)
      .map((line) => {
        const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
        return [name?.toLowerCase(), value] as const;
      }),
  );
  const length = headers.get('content-length');
  if (length === undefined || !/^\d{1,7}$/.test(length)) throw malformed('each patch needs a Content-Length');
  const begin = start + gap.index + gap[0].length;
  const end = begin + Number(length);
  if (end > bytes.length) throw malformed('a patch is shorter than its Content-Length');
  const content = bytes.subarray(begin, end);
  return {
    patch: { ...unitAndRange(headers.get('content-range') ?? ''), content },
    after: bytes.subarray(end),
  };
}

function unitAndRange(header: string): { unit: string; range: string } {
  const [, unit, range = ''] = CONTENT_RANGE.exec(header) ?? [];
  if (unit === undefined) throw malformed('each patch needs a Content-Range');
  return { unit, range };
}

const malformed = (detail: string): Problem => new Problem(MALFORMED_REQUEST, { detail });

/**
 * Applies patches to the body of a message, one after the other.
 * @throws Problem `range-not-satisfiable` or `validation-failed`
 */
export function patchedBody(body: string, patches: readonly Patch[]): string {
  return patches.reduce((text, patch) => {
    // A text has at most as many code points as code units, and those cost nothing to count.
    if (text.length > MAX_INTERMEDIATE_CHARACTERS)
      throw new Problem(MESSAGE_TOO_LONG, { detail: 'a patch makes the message too long' });
    return patchedOnce(text, patch);
  }, body);
}

function patchedOnce(body: string, { unit, range, content }: Patch): string {
  const match = unit === 'json' ? BODY_RANGE.exec(range) : null;
  if (!match) throw new Problem(RANGE_NOT_SATISFIABLE);
  const text = textOf(content);
  const [, from, to] = match;
  if (from === undefined || to === undefined) return text;
  const length = codePoints(body);
  const [first, last] = [positionOf(from, length), positionOf(to, length)];
  if (first < 0 || first > last || last > length) throw new Problem(RANGE_NOT_SATISFIABLE);
  const characters = Array.from(body);
  return characters.slice(0, first).join('') + text + characters.slice(last).join('');
}

function positionOf(text: string, length: number): number {
  return text.startsWith('-') ? length - Number(text.slice(1)) : Number(text);
}

function textOf(content: Buffer): string {
  try {
    const text: unknown = isUtf8(content) ? JSON.parse(content.toString('utf8')) : undefined;
    if (typeof text === 'string') return text;
  } catch {
    // told below
  }
  throw invalidField('/patches', 'must have a JSON string as content');
}
