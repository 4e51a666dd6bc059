import type { Duplex } from 'node:stream';

/** Pipes two sockets into each other; when one ends, so does the other. While they are open, `known` contains both. */
export function joinSockets(one: Duplex, other: Duplex, known: Set<Duplex>): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    known.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      known.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}
