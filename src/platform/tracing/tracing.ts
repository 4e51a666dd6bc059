import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import type { Span, SpanSource, TraceParent } from './span';

/** Less than the close of the server may take: a collector that does not answer keeps nobody. */
const FLUSH_MS = 1_500;

/**
 * Where traces begin: the middleware of requests and commands asks for a span, and what they call asks that for children.
 * While tracing is off there are no spans, and OpenTelemetry is not even loaded (ADR 23).
 */
@Injectable()
export class Tracing implements OnApplicationShutdown {
  constructor(private readonly source?: SpanSource) {}

  /** While it is off nobody needs to look for spans. */
  get isOn(): boolean {
    return this.source !== undefined;
  }

  /** Undefined while tracing is off. */
  begin(name: string, parent: TraceParent | undefined): Span | undefined {
    return this.source?.begin(name, parent);
  }

  /** Requests and commands are through by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.source?.shutdown(FLUSH_MS);
  }
}

/**
 * @param url where traces go; undefined: nowhere
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
