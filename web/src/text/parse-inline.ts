import { characterTest } from './characters.ts';
import { AddressFinder, destinationAt, isAllowed } from './addresses.ts';
import { delimiterOf, matchDelimiters, type Delimiter, type Mark } from './delimiters.ts';
import { MAX_DEPTH, type Piece, type Steps } from './pieces.ts';

/** A token in the flat list that the parser writes: text, a run of marks, or the start or end of a link. */
type Item =
  | { readonly kind: 'piece'; readonly piece: Piece; readonly raw: string }
  | { readonly kind: 'marks'; readonly run: Delimiter }
  | { readonly kind: 'link'; readonly address: string }
  | { readonly kind: 'end-of-link' };

interface Bracket {
  readonly isImage: boolean;
  /** The position in the text, and the index among the items. */
  readonly position: number;
  readonly item: number;
  /** The number of runs of marks before it. */
  readonly runs: number;
}

const isEscapable = characterTest(/[!-/:-@[-`{-~]/);
/** Characters that end a word: marks, and characters after which an address may begin. */
const endsWord = characterTest(/[\\`*_~[\]!<\n]|[^\p{L}\p{N}.+@-]/u);

/** Parses the marks in a paragraph. It reads each character a bounded number of times. */
export function parseInline(text: string, steps: Steps): Piece[] {
  return new InlineParser(text, steps).parse();
}

class InlineParser {
  private readonly items: Item[] = [];
  private readonly brackets: Bracket[] = [];
  private readonly runs: Delimiter[] = [];
  private readonly addresses: AddressFinder;
  private position = 0;
  /** The positions of runs of backticks, by their length. */
  private readonly ticks: ReadonlyMap<number, number[]>;

  constructor(
    private readonly text: string,
    private readonly steps: Steps,
  ) {
    this.ticks = ticksIn(text, steps);
    this.addresses = new AddressFinder(text, steps);
  }

  parse(): Piece[] {
    const { text } = this;
    while (this.position < text.length) {
      const start = this.position;
      this.step();
      this.steps.count += this.position - start;
    }
    matchDelimiters(this.runs, this.steps);
    return this.tree();
  }

  private step(): void {
    const { text, position } = this;
    const character = text.charAt(position);
    switch (character) {
      case '\\':
        return this.escape();
      case '`':
        return this.code();
      case '*':
      case '_':
      case '~':
        return this.marks(character);
      case '[':
        return this.open(false);
      case '!':
        return text.charAt(position + 1) === '[' ? this.open(true) : this.write('!');
      case ']':
        return this.close();
      case '\n':
        this.items.push({ kind: 'piece', piece: { kind: 'break' }, raw: '\n' });
        this.position++;
        return;
      default:
        return this.words();
    }
  }

  /** Reads text up to the next character that may be a mark, and finds addresses in it. */
  private words(): void {
    const { text, position } = this;
    const address = this.addresses.at(position);
    if (address) {
      const pieces = [{ kind: 'text', text: address.shown } as const];
      this.items.push({
        kind: 'piece',
        piece: { kind: 'link', address: address.address, pieces },
        raw: text.slice(position, address.end),
      });
      this.position = address.end;
      return;
    }
    let end = position + 1;
    if (!endsWord(text.charAt(position))) while (end < text.length && !endsWord(text.charAt(end))) end++;
    this.write(text.slice(position, end));
  }

  private write(raw: string, shown = raw): void {
    this.items.push({ kind: 'piece', piece: { kind: 'text', text: shown }, raw });
    this.position += raw.length;
  }

  private escape(): void {
    const next = this.text.charAt(this.position + 1);
    if (isEscapable(next)) this.write(`\\${next}`, next);
    else this.write('\\');
  }

  private code(): void {
    const { text, position } = this;
    let length = 1;
    while (text.charAt(position + length) === '`') length++;
    // An escaped backtick shortens the run after it, maybe to a length that `ticks` does not have.
    const places = this.ticks.get(length) ?? [];
    // The positions ascend, so each is skipped once.
    while (places.length > 0 && places[0]! <= position) places.shift();
    const end = places[0];
    if (end === undefined) return this.write('`'.repeat(length));
    const raw = text.slice(position, end + length);
    const inner = text.slice(position + length, end).replaceAll('\n', ' ');
    const isPadded = /^ .*[^ ].* $/.test(inner);
    this.items.push({
      kind: 'piece',
      piece: { kind: 'code', text: isPadded ? inner.slice(1, -1) : inner },
      raw,
    });
    this.position = end + length;
  }

  private marks(character: Mark): void {
    const { text, position } = this;
    let end = position;
    while (text.charAt(end) === character) end++;
    const run = delimiterOf(
      character,
      end - position,
      characterBefore(text, position),
      characterAt(text, end),
    );
    this.runs.push(run);
    this.items.push({ kind: 'marks', run });
    this.position = end;
  }

  private open(isImage: boolean): void {
    const { position, items, runs } = this;
    this.brackets.push({ isImage, position, item: items.length, runs: runs.length });
    this.write(isImage ? '![' : '[');
  }

  private close(): void {
    const bracket = this.brackets.pop();
    const destination = bracket && destinationAt(this.text, this.position + 1, this.steps);
    if (!bracket || !destination) return this.write(']');
    const { items, text } = this;
    const { end, address } = destination;
    const raw = text.slice(bracket.position, end);
    const isEmpty = items.length === bracket.item + 1;
    // The page loads no pictures from other hosts and allows no script addresses; both stay plain text.
    if (bracket.isImage || isEmpty || !isAllowed(address)) {
      items.length = bracket.item;
      this.runs.length = bracket.runs;
      this.position = bracket.position;
      this.write(raw);
      this.position = end;
      return;
    }
    matchDelimiters(this.runs.splice(bracket.runs), this.steps);
    // A link contains no other link, so links inside become text.
    for (let index = bracket.item + 1; index < items.length; index++) {
      const item = items[index]!;
      if (item.kind === 'piece' && item.piece.kind === 'link')
        items[index] = { ...item, piece: { kind: 'text', text: item.raw } };
    }
    items[bracket.item] = { kind: 'link', address };
    items.push({ kind: 'end-of-link' });
    this.brackets.length = 0;
    this.position = end;
  }

  /** Builds the tree: nests the items that marks and links enclose. */
  private tree(): Piece[] {
    const root: Piece[] = [];
    const parents: Piece[][] = [root];
    const skipped: boolean[] = [];
    const begin = (make: (pieces: Piece[]) => Piece, literal: string): void => {
      const isSkipped = parents.length > MAX_DEPTH;
      skipped.push(isSkipped);
      if (isSkipped) return addText(parents.at(-1)!, literal);
      const pieces: Piece[] = [];
      parents.at(-1)!.push(make(pieces));
      parents.push(pieces);
    };
    const finish = (literal: string): void => {
      if (skipped.pop()) addText(parents.at(-1)!, literal);
      else parents.pop();
    };
    for (const item of this.items) {
      this.steps.count++;
      switch (item.kind) {
        case 'piece':
          if (item.piece.kind === 'text') addText(parents.at(-1)!, item.piece.text);
          else parents.at(-1)!.push(item.piece);
          break;
        case 'link':
          begin((pieces) => ({ kind: 'link', address: item.address, pieces }), '');
          break;
        case 'end-of-link':
          finish('');
          break;
        case 'marks': {
          const { character, closes, opens, left } = item.run;
          for (const { length } of closes) finish(character.repeat(length));
          addText(parents.at(-1)!, character.repeat(left));
          for (const { kind, length } of opens.toReversed())
            begin((pieces) => ({ kind, pieces }), character.repeat(length));
        }
      }
    }
    return root;
  }
}

/** The positions of runs of backticks, by their length, ascending. */
function ticksIn(text: string, steps: Steps): ReadonlyMap<number, number[]> {
  const places = new Map<number, number[]>();
  steps.count += text.length;
  for (let position = text.indexOf('`'); position >= 0; position = text.indexOf('`', position)) {
    const start = position;
    while (text.charAt(position) === '`') position++;
    const known = places.get(position - start);
    if (known) known.push(start);
    else places.set(position - start, [start]);
  }
  return places;
}

function characterAt(text: string, position: number): string {
  const code = text.codePointAt(position);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function characterBefore(text: string, position: number): string {
  if (position === 0) return '';
  const code = text.charCodeAt(position - 1);
  const isPair = code >= 0xdc00 && code <= 0xdfff && position > 1;
  return characterAt(text, position - (isPair ? 2 : 1));
}

function addText(pieces: Piece[], text: string): void {
  if (text === '') return;
  const last = pieces.at(-1);
  if (last?.kind === 'text') pieces[pieces.length - 1] = { kind: 'text', text: last.text + text };
  else pieces.push({ kind: 'text', text });
}
