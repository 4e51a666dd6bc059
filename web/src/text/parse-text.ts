import { Marked, type Token, type Tokens } from 'marked';

/** A message as it is shown: a tree of a few kinds of things. There is no HTML in it, and no way to make any. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code' | 'code-block'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'link'; readonly address: string; readonly pieces: readonly Piece[] }
  | {
      readonly kind: 'paragraph' | 'strong' | 'emphasis' | 'deleted' | 'quote' | 'list' | 'numbers' | 'item';
      readonly pieces: readonly Piece[];
    };

/** Deeper than people write. */
const MAX_DEPTH = 12;
const ADDRESS = /^(https?:\/\/|mailto:)/i;

const none = (): undefined => undefined;
/** The subset: what is not in it stays the text that was written. */
const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    code: none,
    heading: none,
    lheading: none,
    hr: none,
    html: none,
    tag: none,
    table: none,
    def: none,
  },
});

/** @returns what a message says, in a small subset of Markdown */
export function parseText(body: string): Piece[] {
  // Marks inside marks inside marks: shown as they were written, before reading them costs anything.
  if (/^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])){8}/m.test(body) || /[[\]*_~`]{24}/.test(body)) return plain(body);
  try {
    return blocks(marked.lexer(body), 0);
  } catch {
    return plain(body);
  }
}

function plain(body: string): Piece[] {
  return [{ kind: 'paragraph', pieces: withBreaks(body) }];
}

function withBreaks(text: string): Piece[] {
  return text
    .split('\n')
    .flatMap((line, index): Piece[] => [
      ...(index > 0 ? [{ kind: 'break' } as const] : []),
      { kind: 'text', text: line },
    ]);
}

function blocks(tokens: readonly Token[], depth: number): Piece[] {
  return tokens.flatMap((token): Piece[] => {
    if (depth > MAX_DEPTH) return withBreaks(token.raw);
    switch (token.type) {
      case 'space':
        return [];
      case 'paragraph':
        return [{ kind: 'paragraph', pieces: inline(token.tokens ?? [], depth + 1) }];
      case 'code':
        return [{ kind: 'code-block', text: (token as Tokens.Code).text }];
      case 'blockquote':
        return [{ kind: 'quote', pieces: blocks(token.tokens ?? [], depth + 1) }];
      case 'list':
        return list(token as Tokens.List, depth + 1);
      case 'text':
        return inline(token.tokens ?? [token], depth + 1);
      default:
        return plain(token.raw);
    }
  });
}

function list({ ordered, start, items, raw }: Tokens.List, depth: number): Piece[] {
  // "1987. That was a year": a list would begin at 1.
  if (ordered && start !== 1) return plain(raw);
  const pieces = items.map((item): Piece => ({ kind: 'item', pieces: blocks(item.tokens, depth) }));
  return [{ kind: ordered ? 'numbers' : 'list', pieces }];
}

const INLINE = { strong: 'strong', em: 'emphasis', del: 'deleted' } as const;

function inline(tokens: readonly Token[], depth: number): Piece[] {
  return tokens.flatMap((token): Piece[] => {
    if (depth > MAX_DEPTH) return withBreaks(token.raw);
    switch (token.type) {
      case 'strong':
      case 'em':
      case 'del':
        return [{ kind: INLINE[token.type], pieces: inline(token.tokens ?? [], depth + 1) }];
      case 'codespan':
        return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'link': {
        const address = (token as Tokens.Link).href;
        if (!ADDRESS.test(address) || !URL.canParse(address)) return withBreaks(token.raw);
        return [{ kind: 'link', address, pieces: inline(token.tokens ?? [], depth + 1) }];
      }
      case 'escape':
        return withBreaks((token as Tokens.Escape).text);
      case 'text':
        // Its `raw`, since `text` has some of its entities replaced.
        return token.tokens ? inline(token.tokens, depth + 1) : withBreaks(token.raw);
      default:
        return withBreaks(token.raw);
    }
  });
}
