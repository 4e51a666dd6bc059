/** A parsed message: a tree of a few kinds of pieces. It cannot contain HTML. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code' | 'code-block'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'link'; readonly address: string; readonly pieces: readonly Piece[] }
  | {
      readonly kind: 'paragraph' | 'strong' | 'emphasis' | 'deleted' | 'quote' | 'list' | 'numbers' | 'item';
      readonly pieces: readonly Piece[];
    };

/** Marks that are nested deeper than this stay plain text. */
export const MAX_DEPTH = 12;

/** Counts the characters that the parser has read. */
export interface Steps {
  count: number;
}
