/** Marks and controls that change the direction of the text around them. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CONTROL = /\p{Cc}/gu;
/** Characters that show nothing: combining marks alone, fillers, spaces and controls. */
const FILLER = /[\u115f\u1160\u2800\u3164\uffa0\p{M}\p{Z}\p{C}]/gu;

/**
 * A name that is safe to show in titles, labels and sentences, where no markup isolates its direction.
 * @param fallback the text to show when the name has no visible character
 */
export function visibleName(name: string, fallback: string): string {
  const plain = name.replace(TURNING, '').replace(CONTROL, ' ').trim();
  return plain.replace(FILLER, '') === '' ? fallback : plain;
}

/** The display name of a user, or the username if the display name is not visible. */
export function nameOf({ displayName, username }: { displayName: string; username: string }): string {
  return visibleName(displayName, username);
}

/** Isolates a name, so that it does not affect the direction of the text around it. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
