import { gaugeOf, type Sample } from './prometheus-text';

/** The increase of the counters of one process between two observations. */
export interface Increase {
  readonly samples: readonly Sample[];
  /** The process has restarted since the observation before. */
  readonly restarted: boolean;
}

/**
 * Counters of one server, over its restarts. A new process counts from 0, so its values are increases.
 * Counts from before the first observation are ignored.
 */
export class Increases {
  private counted: Map<string, number> | undefined;
  private startedAt: number | undefined;

  since(samples: readonly Sample[]): Increase {
    const startedAt = gaugeOf(samples, 'process_start_time_seconds');
    const restarted = this.startedAt !== undefined && startedAt !== this.startedAt;
    this.startedAt = startedAt;
    const before = restarted ? new Map<string, number>() : this.counted;
    this.counted = new Map(samples.map((sample) => [keyOf(sample), sample.value]));
    if (!before) return { samples: [], restarted };
    return {
      restarted,
      samples: samples.map((sample) => {
        const was = before.get(keyOf(sample)) ?? 0;
        return { ...sample, value: sample.value < was ? sample.value : sample.value - was };
      }),
    };
  }
}

function keyOf({ name, labels }: Sample): string {
  return `${name}${JSON.stringify(Object.entries(labels).sort())}`;
}
