import { addNodeMetrics, nodeMetricsOf, NOTHING, type NodeMetrics } from './node-metrics';
import { Increases } from './increases';
import type { Look } from './look-at-node';
import { gaugeOf } from './prometheus-text';

/** One observation of a server. */
interface Moment {
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
  /** Since the observation before. */
  readonly figures: NodeMetrics;
  readonly isServing: boolean;
  readonly reason: string;
  readonly restarted: boolean;
  readonly isPoolExhausted: boolean;
  readonly canaryAgeSeconds: number | undefined;
}

/** The latest observations of one server over a fixed time. */
export interface Stretch {
  /** Its observations; empty until the server has been observed for that whole time. */
  readonly moments: readonly Moment[];
  readonly figures: NodeMetrics;
  /** The same for each third that has observations: a lasting fault is in all of them. */
  readonly thirds: readonly NodeMetrics[];
  readonly seconds: number;
  /** Restarts in ten times that time. */
  readonly restarts: number;
}

/** Above this share, requests will soon wait for a connection. */
const HIGH_POOL_USE = 0.8;
const RESTARTS_OVER = 10;

/** The observations of one server since the watch began. */
export class WatchedNode {
  readonly seen = {
    looks: 0,
    /** Observations at which it did not serve. */
    unserved: 0,
    restarts: 0,
    /** Failed starts since the first observation, as the server recorded them. */
    failedStarts: 0,
    figures: NOTHING,
    /** The longest continuous time with more than 80 % of the pool in use, in milliseconds. */
    poolHighMs: 0,
    peakPoolUse: 0,
  };
  private readonly increases = new Increases();
  private moments: Moment[] = [];
  private firstAt: number | undefined;
  private firstFailedStarts: number | undefined;
  private poolHighSince: number | undefined;

  /** @param stretchMs how far back `stretch` reaches */
  constructor(
    readonly url: string,
    private readonly stretchMs: number,
  ) {}

  /** The latest observation. */
  get last(): Moment | undefined {
    return this.moments.at(-1);
  }

  add(look: Look, at: number): Moment {
    const { samples = [], isReady, reason } = look;
    const isAnswered = look.samples !== undefined;
    const increase = isAnswered ? this.increases.since(samples) : { samples: [], restarted: false };
    const inUse = gaugeOf(samples, 'xfchat_db_pool_in_use') ?? 0;
    const poolUse = inUse / (gaugeOf(samples, 'xfchat_db_pool_max') ?? Infinity);
    const moment: Moment = {
      at,
      figures: nodeMetricsOf(increase.samples),
      isServing: isReady && isAnswered,
      reason,
      restarted: increase.restarted,
      isPoolExhausted: poolUse >= 1 && (gaugeOf(samples, 'xfchat_db_pool_waiting') ?? 0) > 0,
      canaryAgeSeconds: gaugeOf(samples, 'xfchat_canary_age_seconds'),
    };
    this.firstAt ??= at;
    this.moments = [...this.moments.filter((past) => past.at > at - RESTARTS_OVER * this.stretchMs), moment];
    this.remember(moment, poolUse);
    if (isAnswered) this.rememberStarts(gaugeOf(samples, 'xfchat_start_failures_total'));
    return moment;
  }

  get stretch(): Stretch {
    const now = this.last?.at ?? 0;
    const isWhole = this.firstAt !== undefined && this.firstAt <= now - this.stretchMs;
    const moments = isWhole ? this.moments.filter(({ at }) => at > now - this.stretchMs) : [];
    const thirdOf = ({ at }: Moment): number => Math.ceil((3 * (at - now + this.stretchMs)) / this.stretchMs);
    const thirds = [1, 2, 3].map((third) => moments.filter((moment) => thirdOf(moment) === third));
    return {
      moments,
      figures: sumOf(moments),
      thirds: thirds.filter((part) => part.length > 0).map(sumOf),
      seconds: this.stretchMs / 1_000,
      restarts: this.moments.filter(({ restarted }) => restarted).length,
    };
  }

  private remember({ figures, isServing, restarted, at }: Moment, poolUse: number): void {
    const { seen } = this;
    seen.looks++;
    if (!isServing) seen.unserved++;
    if (restarted) seen.restarts++;
    seen.figures = addNodeMetrics(seen.figures, figures);
    seen.peakPoolUse = Math.max(seen.peakPoolUse, poolUse);
    this.poolHighSince = poolUse > HIGH_POOL_USE ? (this.poolHighSince ?? at) : undefined;
    if (this.poolHighSince !== undefined)
      seen.poolHighMs = Math.max(seen.poolHighMs, at - this.poolHighSince);
  }

  /** The server keeps this counter in a file, so restarts do not reset it. */
  private rememberStarts(failedStarts = 0): void {
    this.firstFailedStarts ??= failedStarts;
    this.seen.failedStarts = Math.max(0, failedStarts - this.firstFailedStarts);
  }
}

const sumOf = (moments: readonly Moment[]): NodeMetrics =>
  moments.map(({ figures }) => figures).reduce(addNodeMetrics, NOTHING);
