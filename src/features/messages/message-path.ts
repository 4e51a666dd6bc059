import { SECONDS, type Metrics } from '../../platform/metrics/metrics';

const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200];

/** What was committed together. */
interface Committed {
  readonly at: number;
  /** How many new messages of it have not been told to their rooms. */
  unbroadcast: number;
}

/** Metrics of the path of messages. They are recorded once per batch, so that a message costs next to nothing. */
export class MessagePath {
  /** A few at most: as many as there are batches under way. */
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
   * A batch goes to the database. @param since when its first message came, on the clock of `performance.now()`
   * @returns what has to be called when it is committed
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

  /** All of it has been told, or never will be. */
  end(committed: Committed): void {
    this.underWay.delete(committed);
    this.stageSeconds.observe({ stage: 'broadcast' }, (performance.now() - committed.at) / 1_000);
  }

  /** In the order in which they were committed. */
  private get unfinished(): Committed[] {
    return [...this.underWay].filter(({ unbroadcast }) => unbroadcast > 0);
  }
}
