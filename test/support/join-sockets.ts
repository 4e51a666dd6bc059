import type { Duplex } from 'node:stream';

/** What one says the other hears, and one ends with the other. While they are open both are among `known`. */
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
