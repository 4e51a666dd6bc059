import type { Figures } from './figures';
import { observationsIn, quantileOf, type Buckets } from './histogram';
import type { Stretch } from './watched-node';
import { inMs, inPercent } from './wording';

/** What calls for the version before, and what was seen of it. */
export interface ReasonToRollBack {
  readonly criterion: string;
  readonly node: string;
  readonly evidence: string;
}

interface Criterion {
  readonly name: string;
  /** As `watch --help` and docs/operating.md have it. */
  readonly limit: string;
  /** What was seen, when it is over the limit in all of the stretch. */
  readonly judge: (stretch: Stretch) => string | undefined;
}

/** Shares of fewer are an accident: one error at night would be all there is. */
const ENOUGH = 20;
const SLOW_TELLING_S = 1;
const SLOW_STATEMENT_S = 0.1;
const MAX_RESTARTS = 2;
/** It sings every ten seconds. */
const SILENT_CANARY_S = 60;

export const CRITERIA: readonly Criterion[] = [
  {
    name: 'not-serving',
    limit: 'does not answer, or is not ready, all the time',
    judge: ({ moments }) =>
      isAlways(moments, ({ isServing }) => !isServing) ? moments.at(-1)!.reason : undefined,
  },
  {
    name: 'errors',
    limit: 'more than 5 % of the answers are errors',
    judge: (stretch) => tooMany(stretch, 0.05, ({ errors, answers }) => [errors, answers]),
  },
  {
    name: 'timeouts',
    limit: 'more than 2.5 % of the answers are timeouts',
    judge: (stretch) => tooMany(stretch, 0.025, ({ timeouts, answers }) => [timeouts, answers]),
  },
  {
    name: 'sign-ins',
    limit: 'more than 5 % of the attempts fail through no fault of the people',
    judge: (stretch) => tooMany(stretch, 0.05, ({ failedSignIns, signIns }) => [failedSignIns, signIns]),
  },
  {
    name: 'delivery',
    limit: '5 % of the messages take more than a second to be told',
    judge: ({ figures, thirds }) => {
      const isSlow = ({ stages }: Figures): boolean => (deliveryOf(stages) ?? 0) > SLOW_TELLING_S;
      if (observationsIn(figures.stages[0]!) < ENOUGH || !thirds.every(isSlow)) return undefined;
      return `95 % take up to ${inMs(deliveryOf(figures.stages)!)}`;
    },
  },
  {
    name: 'statements',
    limit: 'a statement takes more than 100 ms on average',
    judge: ({ figures, thirds }) => {
      const mean = ({ statements, statementSeconds }: Figures): number => statementSeconds / statements;
      const isSlow = (third: Figures): boolean => mean(third) > SLOW_STATEMENT_S;
      if (figures.statements < ENOUGH || !thirds.every(isSlow)) return undefined;
      return `${inMs(mean(figures))} on average`;
    },
  },
  {
    name: 'pool',
    limit: 'no connection to the database is free, and somebody waits, all the time',
    judge: ({ moments }) =>
      isAlways(moments, ({ isPoolExhausted }) => isPoolExhausted) ? 'all are in use' : undefined,
  },
  {
    name: 'canary',
    limit: 'the server has not heard its own message all the time',
    judge: ({ moments, seconds }) => {
      const age = moments.at(-1)?.canaryAgeSeconds;
      const limit = Math.max(seconds, SILENT_CANARY_S);
      return age !== undefined && age > limit ? `for ${Math.round(age)} s` : undefined;
    },
  },
  {
    name: 'restarts',
    limit: `more than ${MAX_RESTARTS} restarts in ten times as long`,
    judge: ({ restarts }) => (restarts > MAX_RESTARTS ? `${restarts} restarts` : undefined),
  },
];

export function reasonsToRollBack(node: string, stretch: Stretch): ReasonToRollBack[] {
  return CRITERIA.flatMap(({ name, judge }) => {
    const evidence = judge(stretch);
    return evidence === undefined ? [] : [{ criterion: name, node, evidence }];
  });
}

/** From the receipt of a message to the end of its broadcast: what 95 % do not exceed in each stage, added up. */
export function deliveryOf(stages: readonly Buckets[]): number | undefined {
  const seconds = stages.map((buckets) => quantileOf(buckets, 0.95));
  return seconds.every((value) => value === undefined)
    ? undefined
    : seconds.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function isAlways<T>(moments: readonly T[], condition: (moment: T) => boolean): boolean {
  return moments.length > 0 && moments.every(condition);
}

/** @param counts some, and all of which they are */
function tooMany(
  { figures, thirds }: Stretch,
  limit: number,
  counts: (figures: Figures) => [some: number, all: number],
): string | undefined {
  const isOver = (third: Figures): boolean => {
    const [some, all] = counts(third);
    return some > all * limit;
  };
  const [some, all] = counts(figures);
  return all >= ENOUGH && thirds.every(isOver) ? `${inPercent(some / all)}: ${some} of ${all}` : undefined;
}
