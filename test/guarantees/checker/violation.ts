export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11' | 'I12';

/** A promise that the history breaks. */
export interface Violation {
  readonly invariant: Invariant;
  /** The conversation, or what else it is about. */
  readonly key: string;
  readonly detail: string;
}

export const violation = (invariant: Invariant, key: string, detail: string): Violation => ({
  invariant,
  key,
  detail,
});
