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

/** Marks that are nested deeper than this stay as they were written. */
export const MAX_DEPTH = 12;

/** Counts what parsing costs: one for each character that is looked at. */
export interface Steps {
  count: number;
}
