import type { ComponentChildren } from 'preact';
import { hostToShow, looksLikeAddress } from './link-target.ts';
import { NO_MENTIONS, splitAtMentions, type Mentions } from './mentions.ts';
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

function show(piece: Piece, mentions: Mentions): ComponentChildren {
  switch (piece.kind) {
    case 'text':
      return withMentions(piece.text, mentions);
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
      return <Link address={piece.address} pieces={piece.pieces} mentions={mentions} />;
    default: {
      const Element = ELEMENTS[piece.kind];
      return <Element>{showAll(piece.pieces, mentions)}</Element>;
    }
  }
}

const showAll = (pieces: readonly Piece[], mentions: Mentions): ComponentChildren =>
  pieces.map((piece) => show(piece, mentions));

function withMentions(text: string, mentions: Mentions): ComponentChildren {
  return splitAtMentions(text, mentions).map((part) =>
    typeof part === 'string' ? (
      part
    ) : (
      <span class={part.isOwn ? 'mention own' : 'mention'}>@{part.name}</span>
    ),
  );
}

interface LinkProps {
  readonly address: string;
  readonly pieces: readonly Piece[];
  readonly mentions: Mentions;
}

/** A link. It shows its host, unless its text does. */
function Link({ address, pieces, mentions }: LinkProps) {
  const words = wordsOf(pieces);
  const host = hostToShow(address, words);
  return (
    <>
      <a href={address} title={new URL(address).href} target="_blank" rel="noopener noreferrer nofollow">
        <bdi>{showAll(pieces, mentions)}</bdi>
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
export function MessageText({ body, mentions = NO_MENTIONS }: { body: string; mentions?: Mentions }) {
  return (
    <div class="text" dir="auto">
      {showAll(parseText(body), mentions)}
    </div>
  );
}
