import type { ComponentChildren } from 'preact';
import { parseText, type Piece } from './parse-text.ts';

const ELEMENTS = {
  paragraph: 'p',
  strong: 'strong',
  emphasis: 'em',
  deleted: 'del',
  quote: 'blockquote',
  list: 'ul',
  numbers: 'ol',
  item: 'li',
} as const;

function show(piece: Piece): ComponentChildren {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'break':
      return <br />;
    case 'code':
      return <code>{piece.text}</code>;
    case 'code-block':
      return (
        <pre>
          <code>{piece.text}</code>
        </pre>
      );
    case 'link':
      return (
        <a href={piece.address} target="_blank" rel="noopener noreferrer nofollow">
          {piece.pieces.map(show)}
        </a>
      );
    default: {
      const Element = ELEMENTS[piece.kind];
      return <Element>{piece.pieces.map(show)}</Element>;
    }
  }
}

/** What somebody has written. Its direction is its own. */
export function MessageText({ body }: { body: string }) {
  return (
    <div class="text" dir="auto">
      {parseText(body).map(show)}
    </div>
  );
}
