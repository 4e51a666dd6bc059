import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { MISNAMED } from '../metrics/metrics';
import { WORKER_REPLACEMENTS, WORKER_SERVING } from '../metrics/worker-metrics';

/** Metrics of one process, in prom-client's JSON format. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/**
 * One page of the metrics of all workers. Each series has the label `worker`; Prometheus computes the sums
 * (docs/metrics.md). The primary itself has the label too.
 */
export class MetricsPage {
  private readonly process = new Registry();
  private readonly own = new Registry();
  private readonly serving = new Gauge({ ...WORKER_SERVING, labelNames: ['worker'], registers: [this.own] });
  private readonly replacements = new Counter({
    ...WORKER_REPLACEMENTS,
    labelNames: ['worker'],
    registers: [this.own],
  });

  constructor(numbers: readonly number[]) {
    collectDefaultMetrics({ register: this.process });
    for (const name of MISNAMED) this.process.removeSingleMetric(name);
    this.process.setDefaultLabels({ worker: 'primary' });
    for (const worker of numbers) this.replacements.inc({ worker }, 0);
  }

  countReplacement(worker: number): void {
    this.replacements.inc({ worker });
  }

  /** @param answers of the workers by their numbers; undefined from those that did not answer, or do not serve */
  async write(answers: ReadonlyMap<number, ProcessMetrics | undefined>): Promise<string> {
    for (const [worker, metrics] of answers) this.serving.set({ worker }, metrics ? 1 : 0);
    const told = [...answers.values()].filter((metrics) => metrics !== undefined);
    const all = [await this.process.getMetricsAsJSON(), await this.own.getMetricsAsJSON(), ...told];
    // No two series have the same labels, so `sum` leaves all of them unchanged.
    const parts = all.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' as const })));
    return AggregatorRegistry.aggregate(parts).metrics();
  }
}
