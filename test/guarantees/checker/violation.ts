/** The rules of docs/guarantees.md that a history can break. */
export type Guarantee =
  'G1' | 'G3' | 'G4' | 'G5' | 'G6' | 'G8' | 'G9' | 'G10' | 'G11' | 'G12' | 'G13' | 'G14' | 'G15';

/** A guarantee that the history breaks. */
export interface Violation {
  readonly guarantee: Guarantee;
  /** The conversation or other object that it concerns. */
  readonly key: string;
  readonly detail: string;
}

export const violation = (guarantee: Guarantee, key: string, detail: string): Violation => ({
  guarantee,
  key,
  detail,
});
