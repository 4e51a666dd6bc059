/**
 * The range of held messages that are rendered, by `seq`. When the user scrolls, messages are added in that direction and
 * removed on the other side, so that at most `MOST` are rendered. The heights of messages are not needed.
 */
export interface MessageWindow {
  readonly from: number;
  /** Undefined at the end of the conversation, where new messages are rendered as well. */
  readonly to: number | undefined;
}

/** The held messages, from `first` to `last`; none if `last` is smaller. */
export interface Held {
  readonly first: number;
  readonly last: number;
}

/** The number of messages that are rendered first. */
const FIRST = 60;
/** The number of messages that are added at once. They can be rendered between two frames. */
const STEP = 20;
const MOST = 120;

export function atEnd({ first, last }: Held): MessageWindow {
  return { from: Math.max(first, last - FIRST + 1), to: undefined };
}

/** Adds earlier messages, and may remove some at the end. */
export function earlier({ from, to }: MessageWindow, { first, last }: Held): MessageWindow {
  const start = Math.max(first, from - STEP);
  return { from: start, to: (to ?? last) - start + 1 > MOST ? start + MOST - 1 : to };
}

/** Adds later messages, and may remove some at the beginning. */
export function later({ from, to }: MessageWindow, { last }: Held): MessageWindow {
  const end = Math.min(last, (to ?? last) + STEP);
  return { from: Math.max(from, end - MOST + 1), to: end === last ? undefined : end };
}

/** The window around a message. */
export function around(seq: number, { first, last }: Held): MessageWindow {
  const end = Math.min(last, seq + FIRST / 2);
  return { from: Math.max(first, seq - FIRST / 2), to: end === last ? undefined : end };
}

/** The window of a reader who stays at the end. It drops the oldest messages once there are too many. */
export function followed(window: MessageWindow, held: Held): MessageWindow {
  return window.to === undefined && held.last - window.from + 1 > MOST ? atEnd(held) : window;
}
