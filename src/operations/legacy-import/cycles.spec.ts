import * as fc from 'fast-check';
import { SEEDS } from '../../../test/support/random';
import { nodesOnCycles } from './cycles';

/** The brute-force search: two nodes are on one cycle if each can be reached from the other. */
function byTrying(nodes: number, edges: [number, number][]): string[] {
  const reached = Array.from({ length: nodes }, () => new Set<number>());
  for (let round = 0; round < nodes; round++)
    for (const [from, to] of edges) {
      reached[from]!.add(to);
      for (const far of reached[to]!) reached[from]!.add(far);
    }
  const pairs: string[] = [];
  for (let a = 0; a < nodes; a++)
    for (let b = 0; b < nodes; b++)
      if (a !== b && reached[a]!.has(b) && reached[b]!.has(a)) pairs.push(`${a} ${b}`);
  return pairs;
}

function byTarjan(nodes: number, edges: [number, number][]): string[] {
  const cyclic = nodesOnCycles(
    nodes,
    Int32Array.from(edges, ([from]) => from),
    Int32Array.from(edges, ([, to]) => to),
  );
  const pairs: string[] = [];
  for (let a = 0; a < nodes; a++)
    for (let b = 0; b < nodes; b++)
      if (a !== b && cyclic.has(a) && cyclic.get(a) === cyclic.get(b)) pairs.push(`${a} ${b}`);
  return pairs;
}

describe('the search for cycles', () => {
  it.each(SEEDS)('finds the same cycles as a brute-force search (SEED=%d)', (seed) => {
    const graph = fc.integer({ min: 1, max: 9 }).chain((nodes) => {
      const node = fc.integer({ min: 0, max: nodes - 1 });
      return fc.tuple(fc.constant(nodes), fc.array(fc.tuple(node, node), { maxLength: 20 }));
    });
    fc.assert(
      fc.property(graph, ([nodes, edges]) => {
        expect(byTarjan(nodes, edges)).toEqual(byTrying(nodes, edges));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('handles a chain of any length, and one that ends at its beginning', () => {
    const nodes = 300_000;
    const from = Int32Array.from({ length: nodes - 1 }, (_, index) => index + 1);
    const to = Int32Array.from({ length: nodes - 1 }, (_, index) => index);
    expect(nodesOnCycles(nodes, from, to).size).toBe(0);
    const closed = nodesOnCycles(
      nodes,
      Int32Array.of(...[0], ...from.subarray(0, 9)),
      Int32Array.of(9, ...to.subarray(0, 9)),
    );
    expect(closed.size).toBe(10);
  });
});
