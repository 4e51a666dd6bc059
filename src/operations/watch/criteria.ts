import type { NodeMetrics } from './node-metrics';
import { observationsIn, quantileOf, type Buckets } from './histogram';
import type { Stretch } from './watched-node';
import { inMs, inPercent, inTime } from './wording';

/** A criterion for a rollback, and the observation that met it. */
export interface ReasonToRollBack {
  readonly criterion: string;
  readonly node: string;
  readonly evidence: string;
}

interface Criterion {
  readonly name: string;
  /** The unit of the limit: a share from 0 to 1, seconds, or a number. Absent if the criterion has no limit. */
  readonly unit?: 'share' | 'seconds' | 'number';
  /** The default limit; docs/operating.md has the reasons. */
  readonly usual: number;
  /** The text that `watch --help` shows. */
  readonly says: (limit: number) => string;
  /** The observed value if it exceeds the limit in the whole interval. */
  readonly judge: (stretch: Stretch, limit: number) => string | undefined;
}

/** Limits that replace the defaults, by criterion. */
export type Limits = Readonly<Record<string, number>>;

/** With fewer observations a share means nothing: one error at night could be 100 %. */
const ENOUGH = 20;

export const CRITERIA: readonly Criterion[] = [
  {
    name: 'not-serving',
    usual: 0,
    says: () => 'the server does not answer, or is not ready, the whole time',
    judge: ({ moments }) =>
      isAlways(moments, ({ isServing }) => !isServing) ? moments.at(-1)!.reason : undefined,
  },
  {
    name: 'errors',
    unit: 'share',
    usual: 0.05,
    says: (limit) => `more than ${inPercent(limit)} of the answers are errors`,
    judge: (stretch, limit) => tooMany(stretch, limit, ({ errors, answers }) => [errors, answers]),
  },
  {
    name: 'timeouts',
    unit: 'share',
    usual: 0.025,
    says: (limit) => `more than ${inPercent(limit)} of the answers are timeouts`,
    judge: (stretch, limit) => tooMany(stretch, limit, ({ timeouts, answers }) => [timeouts, answers]),
  },
  {
    name: 'sign-ins',
    unit: 'share',
    usual: 0.05,
    says: (limit) => `more than ${inPercent(limit)} of the attempts fail through no fault of the user`,
    judge: (stretch, limit) =>
      tooMany(stretch, limit, ({ failedSignIns, signIns }) => [failedSignIns, signIns]),
  },
  {
    name: 'delivery',
    unit: 'seconds',
    usual: 1,
    says: (limit) => `5 % of the messages take more than ${inMs(limit)} to be broadcast`,
    judge: ({ figures, thirds }, limit) => {
      const isSlow = ({ stages }: NodeMetrics): boolean => (deliveryOf(stages) ?? 0) > limit;
      if (observationsIn(figures.stages[0]!) < ENOUGH || !thirds.every(isSlow)) return undefined;
      return `95 % take up to ${inMs(deliveryOf(figures.stages)!)}`;
    },
  },
  {
    name: 'statements',
    unit: 'seconds',
    usual: 0.1,
    says: (limit) => `a statement takes more than ${inMs(limit)} on average`,
    judge: ({ figures, thirds }, limit) => {
      const mean = ({ statements, statementSeconds }: NodeMetrics): number => statementSeconds / statements;
      const isSlow = (third: NodeMetrics): boolean => mean(third) > limit;
      if (figures.statements < ENOUGH || !thirds.every(isSlow)) return undefined;
      return `${inMs(mean(figures))} on average`;
    },
  },
  {
    name: 'pool',
    usual: 0,
    says: () => 'no connection to the database is free and a request waits for one, all the time',
    judge: ({ moments }) =>
      isAlways(moments, ({ isPoolExhausted }) => isPoolExhausted) ? 'all are in use' : undefined,
  },
  {
    name: 'canary',
    unit: 'seconds',
    usual: 60,
    says: (limit) => `the server has not received its canary message for ${inTime(limit)}, all the time`,
    judge: ({ moments, seconds }, limit) => {
      const age = moments.at(-1)?.canaryAgeSeconds;
      return age !== undefined && age > Math.max(seconds, limit) ? `for ${Math.round(age)} s` : undefined;
    },
  },
  {
    name: 'restarts',
    unit: 'number',
    usual: 2,
    says: (limit) => `more than ${limit} restarts in ten times --lasting`,
    judge: ({ restarts }, limit) => (restarts > limit ? `${restarts} restarts` : undefined),
  },
];

export function reasonsToRollBack(node: string, stretch: Stretch, limits: Limits): ReasonToRollBack[] {
  return CRITERIA.flatMap(({ name, usual, judge }) => {
    const evidence = judge(stretch, limits[name] ?? usual);
    return evidence === undefined ? [] : [{ criterion: name, node, evidence }];
  });
}

/**
 * The time between the receipt of a message and the end of its broadcast. It adds up the 95th percentiles of the stages.
 */
export function deliveryOf(stages: readonly Buckets[]): number | undefined {
  const seconds = stages.map((buckets) => quantileOf(buckets, 0.95));
  return seconds.every((value) => value === undefined)
    ? undefined
    : seconds.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function isAlways<T>(moments: readonly T[], condition: (moment: T) => boolean): boolean {
  return moments.length > 0 && moments.every(condition);
}

/** @param counts the counted ones, and the total */
function tooMany(
  { figures, thirds }: Stretch,
  limit: number,
  counts: (figures: NodeMetrics) => [some: number, all: number],
): string | undefined {
  const isOver = (third: NodeMetrics): boolean => {
    const [some, all] = counts(third);
    return some > all * limit;
  };
  const [some, all] = counts(figures);
  return all >= ENOUGH && thirds.every(isOver) ? `${inPercent(some / all)}: ${some} of ${all}` : undefined;
}
