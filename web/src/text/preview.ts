import type { Message } from '@xfchat/client';
import { parseText } from './parse-text.ts';
import type { Piece } from './pieces.ts';

/** The number of characters that are parsed; no preview has room for more. */
const LENGTH = 400;

/** A message in one line of plain text: its words without the marks of Markdown, or the names of its files. */
export function previewOf({ body, deletedAt, attachments }: Message): string {
  if (deletedAt) return 'Deleted message';
  const [first] = attachments;
  return (
    plainText(body ?? '') ||
    (attachments.length > 1 ? `${attachments.length} files` : first ? `File: ${first.name}` : '')
  );
}

/** The words of a message in one line, without the marks of Markdown. */
export function plainText(body: string): string {
  const beginning = [...body.slice(0, 2 * LENGTH)].slice(0, LENGTH).join('');
  return parseText(beginning).map(wordsOf).join(' ').replace(/\s+/g, ' ').trim();
}

function wordsOf(piece: Piece): string {
  if ('text' in piece) return piece.text;
  if (piece.kind === 'break') return ' ';
  const isOfBlocks = piece.kind === 'quote' || piece.kind === 'list' || piece.kind === 'numbers';
  return piece.pieces.map(wordsOf).join(isOfBlocks ? ' ' : '');
}
