import { parseInline } from './parse-inline.ts';
import { MAX_DEPTH, type Piece, type Steps } from './pieces.ts';

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const QUOTE = /^ {0,3}> ?/;
const BULLET = /^( {0,3})([-*+])( {1,4})(?=\S)/;
const NUMBER = /^( {0,3})(\d{1,9})[.)]( {1,4})(?=\S)/;
/** A line with too many nested quotes or lists, which is shown as plain text. */
const TOO_DEEP = /^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])){8}/m;
const BLANK = /^\s*$/;

interface Marker {
  readonly kind: 'list' | 'numbers';
  /** The bullet of a list; another bullet begins another list. */
  readonly bullet: string;
  /** The indentation of the marker and of the text after it, in spaces. */
  readonly indent: number;
  readonly length: number;
}

/**
 * Parses a small subset of Markdown; everything else stays plain text. The time is proportional to the length of the message.
 * It reads each line once for each of at most `MAX_DEPTH` levels of quotes and lists. `parseInline` reads each character
 * a bounded number of times.
 * @param steps counts the characters that were read
 */
export function parseText(body: string, steps: Steps = { count: 0 }): Piece[] {
  if (TOO_DEEP.test(body)) return [{ kind: 'paragraph', pieces: plain(body) }];
  return blocks(body.split(/\r\n?|\n/), 0, steps);
}

function blocks(lines: readonly string[], depth: number, steps: Steps): Piece[] {
  const found: Piece[] = [];
  let paragraph: string[] = [];
  const endParagraph = (): void => {
    if (paragraph.length > 0)
      found.push({ kind: 'paragraph', pieces: parseInline(paragraph.join('\n'), steps) });
    paragraph = [];
  };
  let index = 0;
  while (index < lines.length) {
    const line = lines[index]!;
    steps.count += line.length + 1;
    const fence = FENCE.exec(line)?.[1];
    const marker = depth < MAX_DEPTH ? markerOf(line) : undefined;
    const isBlock = fence ?? marker ?? (depth < MAX_DEPTH && QUOTE.test(line));
    if (isBlock || BLANK.test(line)) endParagraph();
    if (fence) index = codeBlock(lines, index, fence, found, steps);
    // A list begins at 1, unlike "1987. That was a year".
    else if (marker) index = list(lines, index, marker, found, depth, steps);
    else if (isBlock) index = quote(lines, index, found, depth, steps);
    else {
      if (!BLANK.test(line)) paragraph.push(line);
      index++;
    }
  }
  endParagraph();
  return found;
}

function markerOf(line: string): Marker | undefined {
  const bullet = BULLET.exec(line);
  if (bullet)
    return { kind: 'list', bullet: bullet[2]!, indent: bullet[1]!.length, length: bullet[0].length };
  const number = NUMBER.exec(line);
  return number?.[2] === '1' ? numberOf(line) : undefined;
}

/** @returns the index of the line after the code block */
function codeBlock(
  lines: readonly string[],
  start: number,
  fence: string,
  found: Piece[],
  steps: Steps,
): number {
  const isEnd = (line: string): boolean => {
    const text = line.trim();
    return text.length >= fence.length && text === fence.charAt(0).repeat(text.length);
  };
  let end = start + 1;
  while (end < lines.length && !isEnd(lines[end]!)) steps.count += lines[end++]!.length + 1;
  found.push({ kind: 'code-block', text: lines.slice(start + 1, end).join('\n') });
  return end + 1;
}

function quote(lines: readonly string[], start: number, found: Piece[], depth: number, steps: Steps): number {
  const inner: string[] = [];
  let end = start;
  for (; end < lines.length && QUOTE.test(lines[end]!); end++) {
    steps.count += lines[end]!.length + 1;
    inner.push(lines[end]!.replace(QUOTE, ''));
  }
  found.push({ kind: 'quote', pieces: blocks(inner, depth + 1, steps) });
  return end;
}

/** Parses items of one kind. Lines that are indented below an item belong to it. */
function list(
  lines: readonly string[],
  start: number,
  first: Marker,
  found: Piece[],
  depth: number,
  steps: Steps,
): number {
  const items: string[][] = [];
  let end = start;
  while (end < lines.length) {
    const line = lines[end]!;
    steps.count += line.length + 1;
    if (items.length > 0 && indentOf(line) >= first.indent + 2) {
      items.at(-1)!.push(line.slice(Math.min(indentOf(line), first.length)));
    } else if (isSameList(line, first)) {
      const marker = first.kind === 'list' ? markerOf(line) : numberOf(line);
      items.push([line.slice(marker!.length)]);
    } else {
      // Blank lines may separate items; after the last item, they end the list.
      let next = end;
      while (next < lines.length && BLANK.test(lines[next]!)) steps.count += lines[next++]!.length + 1;
      const after = next > end ? lines[next] : undefined;
      if (after === undefined) break;
      if (indentOf(after) >= first.indent + 2) items.at(-1)!.push('');
      else if (!isSameList(after, first)) break;
      end = next;
      continue;
    }
    end++;
  }
  const pieces = items.map((item): Piece => ({ kind: 'item', pieces: itemOf(item, depth + 1, steps) }));
  found.push({ kind: first.kind, pieces });
  return end;
}

/** Only the first number of a list must be 1; the others may be any. */
function numberOf(line: string): Marker | undefined {
  const number = NUMBER.exec(line);
  return number
    ? { kind: 'numbers', bullet: '', indent: number[1]!.length, length: number[0].length }
    : undefined;
}

function indentOf(line: string): number {
  let indent = 0;
  while (line.charAt(indent) === ' ') indent++;
  return indent;
}

function isSameList(line: string, { kind, bullet }: Marker): boolean {
  const marker = kind === 'list' ? markerOf(line) : numberOf(line);
  return marker?.kind === kind && marker.bullet === bullet;
}

/** Unwraps the first paragraph of an item, so that a short item has no paragraph spacing. */
function itemOf(lines: readonly string[], depth: number, steps: Steps): Piece[] {
  const [first, ...rest] = blocks(lines, depth, steps);
  if (first?.kind !== 'paragraph') return first ? [first, ...rest] : [];
  return rest.some(({ kind }) => kind === 'paragraph') ? [first, ...rest] : [...first.pieces, ...rest];
}

function plain(body: string): Piece[] {
  return body
    .split('\n')
    .flatMap((line, index): Piece[] => [
      ...(index > 0 ? [{ kind: 'break' } as const] : []),
      { kind: 'text', text: line },
    ]);
}
