import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';

type Done = Parameters<SpanExporter['export']>[1];

/**
 * Counts what reaches the collector and what does not, and says so once when it begins to fail and once when it is over.
 * Only the code of the failure is told: its text may hold the address with a password, or what the collector answered.
 */
export class WatchedExporter implements SpanExporter {
  private isFailing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly metrics: Metrics,
    private readonly logger: StructuredLogger,
  ) {}

  export(spans: ReadableSpan[], done: Done): void {
    this.exporter.export(spans, (result) => {
      const isFailure = result.code !== ExportResultCode.SUCCESS;
      this.metrics.spans.inc({ outcome: isFailure ? 'failed' : 'exported' }, spans.length);
      if (isFailure && !this.isFailing)
        this.logger.event('warn', 'traces cannot be exported; what is not taken is lost', {
          code: codeOf(result.error),
        });
      if (!isFailure && this.isFailing) this.logger.event('info', 'traces are exported again');
      this.isFailing = isFailure;
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }
}

/** An HTTP status, or what the operating system says; `none` when there was no answer in time, or one that puts off. */
function codeOf(error: Error | undefined): string {
  return String((error as { code?: string | number } | undefined)?.code ?? 'none');
}
