/** Marks and controls that turn the direction of what stands around them. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CONTROL = /\p{Cc}/gu;
/** Letters, digits, signs: what leaves something to see. Marks alone, fillers and spaces do not. */
const FILLER = /[\u115f\u1160\u2800\u3164\uffa0\p{M}\p{Z}\p{C}]/gu;

/**
 * A name as it can be shown anywhere, also where nothing can isolate it: in titles, labels and sentences.
 * @param fallback shown when nothing of the name can be seen
 */
export function visibleName(name: string, fallback: string): string {
  const plain = name.replace(TURNING, '').replace(CONTROL, ' ').trim();
  return plain.replace(FILLER, '') === '' ? fallback : plain;
}

/** Somebody's name: the one that they have chosen, or their username. */
export function nameOf({ displayName, username }: { displayName: string; username: string }): string {
  return visibleName(displayName, username);
}

/** A name in a text of another direction: it is set by itself. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
