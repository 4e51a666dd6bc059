import type { ComponentChildren } from 'preact';
import { hostToShow, looksLikeAddress } from './link-target.ts';
import { parseText } from './parse-text.ts';
import type { Piece } from './pieces.ts';

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
      return <Link address={piece.address} pieces={piece.pieces} />;
    default: {
      const Element = ELEMENTS[piece.kind];
      return <Element>{piece.pieces.map(show)}</Element>;
    }
  }
}

/** A link. It shows its host, unless its text does. */
function Link({ address, pieces }: { address: string; pieces: readonly Piece[] }) {
  const words = wordsOf(pieces);
  const host = hostToShow(address, words);
  return (
    <>
      <a href={address} title={new URL(address).href} target="_blank" rel="noopener noreferrer nofollow">
        <bdi>{pieces.map(show)}</bdi>
      </a>
      {host && (
        <bdi class={looksLikeAddress(words) ? 'link-host deceptive' : 'link-host'} dir="ltr">
          {` (${looksLikeAddress(words) ? 'leads to ' : ''}${host})`}
        </bdi>
      )}
    </>
  );
}

function wordsOf(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => ('pieces' in piece ? wordsOf(piece.pieces) : 'text' in piece ? piece.text : ' '))
    .join('');
}

/** Renders the body of a message. The direction of its text depends on its content alone. */
export function MessageText({ body }: { body: string }) {
  return (
    <div class="text" dir="auto">
      {parseText(body).map(show)}
    </div>
  );
}
