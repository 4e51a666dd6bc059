import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';

type Done = Parameters<SpanExporter['export']>[1];

/**
 * Counts the spans that reach the collector, and those that do not. Logs once when exports begin to fail, and once
 * when they work again. It logs only the code of the failure: the text may contain the address with a password, or
 * the collector's answer.
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
        this.logger.event('warn', 'traces cannot be exported; unsent traces are lost', {
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

/**
 * An HTTP status, or the operating system's code; `none` when there was no answer in time, or one that asks for a
 * retry.
 */
function codeOf(error: Error | undefined): string {
  return String((error as { code?: string | number } | undefined)?.code ?? 'none');
}
