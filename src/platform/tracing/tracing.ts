import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import type { Span, SpanSource, TraceParent } from './span';

/** Less than the close of the server may take, so that a silent collector does not delay the exit. */
const FLUSH_MS = 1_500;

/**
 * Begins traces. The middleware of requests and commands gets a span, and the code that they call gets children of
 * it. While tracing is off there are no spans, and OpenTelemetry is not even loaded (ADR 23).
 */
@Injectable()
export class Tracing implements OnApplicationShutdown {
  constructor(private readonly source?: SpanSource) {}

  /** While it is off, callers need not look for spans. */
  get isOn(): boolean {
    return this.source !== undefined;
  }

  /** Undefined while tracing is off. */
  begin(name: string, parent: TraceParent | undefined): Span | undefined {
    return this.source?.begin(name, parent);
  }

  /** Runs when requests and commands have ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.source?.shutdown(FLUSH_MS);
  }
}

/**
 * @param url the address for traces; undefined turns tracing off
 * @param headers as `OTEL_EXPORTER_OTLP_HEADERS` has them; the SDK knows those of the environment
 */
export async function startTracing(
  url: string | undefined,
  metrics: Metrics,
  logger: StructuredLogger,
  headers?: string,
): Promise<Tracing> {
  if (url === undefined) return new Tracing();
  const { OpenTelemetry } = await import('./open-telemetry.ts');
  return new Tracing(new OpenTelemetry(url, metrics, logger, headers));
}
