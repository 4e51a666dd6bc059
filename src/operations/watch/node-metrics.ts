import {
  DATABASE_BUSY,
  DRAINING,
  FAULTS,
  MAINTENANCE,
  OUTCOME_UNKNOWN,
  REQUEST_TIMEOUT,
} from '../../platform/problems/general-problems';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { addBuckets, bucketsOf, type Buckets } from './histogram';
import type { Sample } from './prometheus-text';

/** The counts of one or more servers in an interval (docs/metrics.md). */
export interface NodeMetrics {
  /** Requests and commands answered; probes are left out. */
  readonly answers: number;
  /** Rejections that are the server's fault. Intended ones, `maintenance` and `draining`, do not count. */
  readonly errors: number;
  readonly timeouts: number;
  /** Sign-in attempts, except failures that are the user's fault; then the failed ones among them. */
  readonly signIns: number;
  readonly failedSignIns: number;
  readonly statements: number;
  readonly statementSeconds: number;
  /** The stages of a message from its receipt to its broadcast, in order. */
  readonly stages: readonly Buckets[];
  /** Event listeners that threw after the commit. */
  readonly untold: number;
}

const STAGES = ['queued', 'stored', 'broadcast'];
const codesOf = (...kinds: ProblemKind[]): string[] => kinds.map(({ code }) => code);
const FAULT_CODES = codesOf(...FAULTS);
const MEANT_TO_BE = codesOf(MAINTENANCE, DRAINING);
const TIMEOUTS = codesOf(DATABASE_BUSY, OUTCOME_UNKNOWN, REQUEST_TIMEOUT);
const PROBE = /^\/(health|metrics)\b/;

export const NOTHING: NodeMetrics = {
  answers: 0,
  errors: 0,
  timeouts: 0,
  signIns: 0,
  failedSignIns: 0,
  statements: 0,
  statementSeconds: 0,
  stages: STAGES.map(() => new Map()),
  untold: 0,
};

/** @param increase the increase of the counters, not their values */
export function nodeMetricsOf(increase: readonly Sample[]): NodeMetrics {
  const named = (name: string): Sample[] => increase.filter((sample) => sample.name === `xfchat_${name}`);
  const problems = named('problems_total');
  const signIns = named('sign_ins_total');
  const failedSignIns = sum(signIns.filter(({ labels }) => isServersFault(labels.outcome)));
  const stages = named('message_stage_duration_seconds_bucket');
  return {
    answers:
      sum(named('http_requests_total').filter(({ labels }) => !PROBE.test(labels.route ?? ''))) +
      sum(named('socket_commands_total')),
    errors: sum(problems.filter(({ labels }) => isServersFault(labels.code))),
    timeouts: sum(problems.filter(({ labels }) => TIMEOUTS.includes(labels.code ?? ''))),
    signIns: sum(signIns.filter(({ labels }) => labels.outcome === 'ok')) + failedSignIns,
    failedSignIns,
    statements: sum(named('db_query_duration_seconds_count')),
    statementSeconds: sum(named('db_query_duration_seconds_sum')),
    stages: STAGES.map((stage) => bucketsOf(stages.filter(({ labels }) => labels.stage === stage))),
    untold: sum(named('event_failures_total')),
  };
}

export function addNodeMetrics(a: NodeMetrics, b: NodeMetrics): NodeMetrics {
  return {
    answers: a.answers + b.answers,
    errors: a.errors + b.errors,
    timeouts: a.timeouts + b.timeouts,
    signIns: a.signIns + b.signIns,
    failedSignIns: a.failedSignIns + b.failedSignIns,
    statements: a.statements + b.statements,
    statementSeconds: a.statementSeconds + b.statementSeconds,
    stages: a.stages.map((buckets, index) => addBuckets(buckets, b.stages[index]!)),
    untold: a.untold + b.untold,
  };
}

const sum = (samples: readonly Sample[]): number => samples.reduce((total, { value }) => total + value, 0);

function isServersFault(code: string | undefined): boolean {
  if (code === undefined || MEANT_TO_BE.includes(code)) return false;
  return FAULT_CODES.includes(code);
}
