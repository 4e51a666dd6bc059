import { SECONDS, type Metrics } from '../../platform/metrics/metrics';

const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200];

/** The messages of one committed batch. */
interface Committed {
  readonly at: number;
  /** How many of its new messages were not broadcast yet. */
  unbroadcast: number;
}

/** Metrics of the send pipeline. They are recorded once per batch, so that they cost little per message. */
export class MessagePath {
  /** Bounded by the number of batches in flight. */
  private readonly underWay = new Set<Committed>();

  private readonly stageSeconds;
  private readonly batchSize;

  constructor(metrics: Metrics) {
    this.stageSeconds = metrics.histogram(
      'xfchat_message_stage_duration_seconds',
      'Time that a batch of messages was queued, stored and broadcast',
      SECONDS,
      ['stage'],
    );
    this.batchSize = metrics.histogram(
      'xfchat_message_batch_messages',
      'Messages stored in one round trip to the database',
      BATCH_SIZES,
    );
    metrics.gauge('xfchat_messages_unbroadcast', 'Messages committed whose broadcast has not ended', () =>
      this.unfinished.reduce((sum, { unbroadcast }) => sum + unbroadcast, 0),
    );
    metrics.gauge(
      'xfchat_messages_unbroadcast_age_seconds',
      'Time since the commit of the oldest message whose broadcast has not ended',
      () => {
        const [oldest] = this.unfinished;
        return oldest ? (performance.now() - oldest.at) / 1_000 : 0;
      },
    );
  }

  /**
   * Records that a batch goes to the database.
   * @param since when its first message arrived, in milliseconds of `performance.now()`
   * @returns a function to call when the batch is committed
   */
  begin(since: number): (results: readonly { outcome: string }[]) => Committed {
    const begun = performance.now();
    this.stageSeconds.observe({ stage: 'queued' }, (begun - since) / 1_000);
    return (results) => {
      const at = performance.now();
      this.stageSeconds.observe({ stage: 'stored' }, (at - begun) / 1_000);
      this.batchSize.observe(results.length);
      const committed = {
        at,
        unbroadcast: results.filter(({ outcome }) => outcome === 'created').length,
      };
      this.underWay.add(committed);
      return committed;
    };
  }

  /** Records that the broadcast of the batch ended or failed. */
  end(committed: Committed): void {
    this.underWay.delete(committed);
    this.stageSeconds.observe({ stage: 'broadcast' }, (performance.now() - committed.at) / 1_000);
  }

  /** In commit order. */
  private get unfinished(): Committed[] {
    return [...this.underWay].filter(({ unbroadcast }) => unbroadcast > 0);
  }
}
