import { deliveryOf } from './criteria';
import { addNodeMetrics, NOTHING } from './node-metrics';
import type { WatchedNode } from './watched-node';
import { inMs, inPercent, inTime } from './wording';

/** The targets that a release has to meet over the whole time. */
export interface Target {
  readonly name: string;
  readonly goal: string;
  readonly seen: string;
  /** Null without observations. */
  readonly met: boolean | null;
}

const ERRORS = 0.001;
const DELIVERY_S = 0.1;
const STATEMENT_S = 0.01;
const SIGN_INS = 0.999;
const POOL_HIGH_MS = 120_000;

/** Judges the sums over all servers. */
export function targetsOf(nodes: readonly WatchedNode[]): Target[] {
  const total = nodes.map(({ seen }) => seen.figures).reduce(addNodeMetrics, NOTHING);
  const { answers, errors, signIns, failedSignIns, statements, statementSeconds, untold } = total;
  const over = (what: (seen: WatchedNode['seen']) => number): number[] => nodes.map(({ seen }) => what(seen));
  const count = (what: (seen: WatchedNode['seen']) => number): number =>
    over(what).reduce((a, b) => a + b, 0);
  const most = (what: (seen: WatchedNode['seen']) => number): number => Math.max(...over(what));

  const delivery = deliveryOf(total.stages);
  const mean = statements > 0 ? statementSeconds / statements : undefined;
  const [unserved, looks] = [count((seen) => seen.unserved), count((seen) => seen.looks)];
  const [restarts, failedStarts] = [count((seen) => seen.restarts), count((seen) => seen.failedStarts)];
  const poolHighMs = most((seen) => seen.poolHighMs);
  return [
    {
      name: 'errors',
      goal: `< ${inPercent(ERRORS)} of the answers`,
      seen: answers > 0 ? `${inPercent(errors / answers)}: ${errors} of ${answers}` : NONE,
      met: answers > 0 ? errors / answers < ERRORS : null,
    },
    {
      name: 'delivery',
      goal: `95 % within ${inMs(DELIVERY_S)}`,
      seen: delivery === undefined ? NONE : inMs(delivery),
      met: delivery === undefined ? null : delivery < DELIVERY_S,
    },
    {
      name: 'untold messages',
      goal: 'none',
      seen: String(untold),
      met: untold === 0,
    },
    {
      name: 'statements',
      goal: `< ${inMs(STATEMENT_S)} on average`,
      seen: mean === undefined ? NONE : inMs(mean),
      met: mean === undefined ? null : mean < STATEMENT_S,
    },
    {
      name: 'sign-ins',
      goal: `> ${inPercent(SIGN_INS)} succeed`,
      seen: signIns > 0 ? `${inPercent(1 - failedSignIns / signIns)} of ${signIns}` : NONE,
      met: signIns > 0 ? 1 - failedSignIns / signIns > SIGN_INS : null,
    },
    {
      name: 'pool',
      goal: `above 80 % for less than ${inTime(POOL_HIGH_MS / 1_000)}`,
      seen: `at most ${inPercent(most((seen) => seen.peakPoolUse))} in use, above 80 % for ${inTime(poolHighMs / 1_000)}`,
      met: poolHighMs < POOL_HIGH_MS,
    },
    {
      name: 'serving',
      goal: 'at every observation',
      seen: unserved === 0 ? `at all ${looks}` : `not at ${unserved} of ${looks}`,
      met: unserved === 0,
    },
    {
      name: 'starts',
      goal: 'no restart and no failed start',
      seen: `${restarts} restarts, ${failedStarts} failed`,
      met: restarts + failedStarts === 0,
    },
  ];
}

const NONE = 'no observations';
