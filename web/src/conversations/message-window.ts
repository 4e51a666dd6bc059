/**
 * Which of the held messages are drawn, by `seq`. Messages before and behind come in as one scrolls towards them, and
 * those on the other side leave, so that there are never more than `MOST`. Nothing has to be known of their heights.
 */
export interface MessageWindow {
  readonly from: number;
  /** Undefined at the end of the conversation: what is said from now on is drawn as well. */
  readonly to: number | undefined;
}

/** The held messages, from `first` to `last`; none if `last` is smaller. */
export interface Held {
  readonly first: number;
  readonly last: number;
}

/** The number of messages that are drawn first. */
const FIRST = 60;
/** The number of messages that are added at once: few enough to be drawn between two frames. */
const STEP = 20;
const MOST = 120;

export function atEnd({ first, last }: Held): MessageWindow {
  return { from: Math.max(first, last - FIRST + 1), to: undefined };
}

/** With more before; some of those at the end may leave. */
export function earlier({ from, to }: MessageWindow, { first, last }: Held): MessageWindow {
  const start = Math.max(first, from - STEP);
  return { from: start, to: (to ?? last) - start + 1 > MOST ? start + MOST - 1 : to };
}

/** With more behind; some of those at the beginning may leave. */
export function later({ from, to }: MessageWindow, { last }: Held): MessageWindow {
  const end = Math.min(last, (to ?? last) + STEP);
  return { from: Math.max(from, end - MOST + 1), to: end === last ? undefined : end };
}

/** Around a message that one wants to see. */
export function around(seq: number, { first, last }: Held): MessageWindow {
  const end = Math.min(last, seq + FIRST / 2);
  return { from: Math.max(first, seq - FIRST / 2), to: end === last ? undefined : end };
}

/** Somebody who stays at the end sees the new ones come, and the old ones leave. */
export function followed(window: MessageWindow, held: Held): MessageWindow {
  return window.to === undefined && held.last - window.from + 1 > MOST ? atEnd(held) : window;
}
