/**
 * Finds the nodes on cycles, with the number of their component. Two nodes with the same number are on one cycle.
 * Uses Tarjan's algorithm without recursion, because chains are as long as the history. It takes 24 bytes for each node
 * and 4 for each edge. A node that is its own parent does not count as a cycle.
 * @param from and `to` are the ends of the edges, as numbers below `nodes`
 */
export function nodesOnCycles(nodes: number, from: Int32Array, to: Int32Array): Map<number, number> {
  const { first, targets } = adjacency(nodes, from, to);
  const cursor = first.slice(0, nodes);
  // 0: not visited. A node whose component is complete gets the highest number, so that it lowers no other node's.
  const order = new Int32Array(nodes);
  const low = new Int32Array(nodes);
  const done = 0x7fffffff;
  const path: number[] = [];
  const open: number[] = [];
  const cyclic = new Map<number, number>();
  let count = 0;
  const enter = (node: number): void => {
    order[node] = low[node] = ++count;
    path.push(node);
    open.push(node);
  };
  for (let root = 0; root < nodes; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const node = path.at(-1)!;
      if (cursor[node]! < first[node + 1]!) {
        const target = targets[cursor[node]!++]!;
        if (order[target] === 0) enter(target);
        else low[node] = Math.min(low[node]!, order[target]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] === order[node]) close(node);
    }
  }
  return cyclic;

  function close(node: number): void {
    const members = open.splice(open.lastIndexOf(node));
    for (const member of members) {
      order[member] = low[member] = done;
      if (members.length > 1) cyclic.set(member, node);
    }
  }
}

/** Edges by their first node: those of node n are `targets[first[n]]` up to, not including, `targets[first[n + 1]]`. */
function adjacency(
  nodes: number,
  from: Int32Array,
  to: Int32Array,
): { first: Int32Array; targets: Int32Array } {
  const first = new Int32Array(nodes + 1);
  for (const node of from) first[node + 1]!++;
  for (let node = 0; node < nodes; node++) first[node + 1]! += first[node]!;
  const next = first.slice(0, nodes);
  const targets = new Int32Array(to.length);
  for (let edge = 0; edge < from.length; edge++) targets[next[from[edge]!]!++] = to[edge]!;
  return { first, targets };
}
