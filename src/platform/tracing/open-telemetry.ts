import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Span as OpenTelemetrySpan, Tracer } from '@opentelemetry/api';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { version } from '../version';
import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import type { ChildOptions, Ending, Span, SpanSource, TraceParent } from './span';
import { WatchedExporter } from './watched-exporter';

const KINDS = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

/**
 * Spans by the OpenTelemetry SDK, sent as OTLP over HTTP. The SDK reads its own variables (sampler, headers,
 * sizes); nothing is registered globally, so that two servers in one process do not interfere.
 */
export class OpenTelemetry implements SpanSource {
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor(
    url: string,
    private readonly metrics: Metrics,
    logger: StructuredLogger,
    headers?: string,
  ) {
    const given = headers === undefined ? {} : { headers: parseKeyPairsIntoRecord(headers) };
    const exporter = new WatchedExporter(new OTLPTraceExporter({ url, ...given }), metrics, logger);
    this.provider = new BasicTracerProvider({
      // The environment comes last, so it overrides the rest.
      resource: defaultResource()
        .merge(
          resourceFromAttributes({
            'service.name': 'xfchat',
            'service.version': version,
            'service.instance.id': randomUUID(),
          }),
        )
        .merge(detectResources({ detectors: [envDetector] })),
      // The SDK would drop all but the last 128. Only batches are linked, and their size is bounded.
      spanLimits: { linkCountLimit: Infinity },
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.tracer = this.provider.getTracer('xfchat', version);
  }

  begin(name: string, parent: TraceParent | undefined): Span {
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, remote(parent)) : ROOT_CONTEXT;
    return this.wrap(this.tracer.startSpan(name, { kind: SpanKind.SERVER }, context));
  }

  async shutdown(boundMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, boundMs)));
    // The exporter has already logged the reason of a failure.
    const sent = this.provider.shutdown().catch(() => undefined);
    await Promise.race([sent, bound]).finally(() => clearTimeout(timer));
  }

  private wrap(span: OpenTelemetrySpan): Span {
    if (!span.isRecording()) return new UnrecordedSpan(span);
    this.metrics.spans.inc({ outcome: 'recorded' });
    return new RecordedSpan(span, (name, options) => this.child(span, name, options));
  }

  private child(parent: OpenTelemetrySpan, name: string, options: ChildOptions): Span {
    const { kind = 'internal', attributes, on = [] } = options;
    const joined = on.flatMap((each) => (each instanceof RecordedSpan ? each.span : []));
    const links = joined.map((each) => ({ context: each.spanContext() }));
    const context: Context = trace.setSpan(ROOT_CONTEXT, parent);
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], attributes, links }, context);
    for (const each of joined) each.addLink({ context: span.spanContext() });
    return this.wrap(span);
  }
}

const remote = ({ traceId, spanId, isSampled }: TraceParent) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

class RecordedSpan implements Span {
  readonly isRecorded = true;
  readonly traceId: string;
  readonly spanId: string;

  constructor(
    readonly span: OpenTelemetrySpan,
    private readonly beget: (name: string, options: ChildOptions) => Span,
  ) {
    ({ traceId: this.traceId, spanId: this.spanId } = span.spanContext());
  }

  child(name: string, options: ChildOptions = {}): Span {
    return this.beget(name, options);
  }

  end({ name, attributes, error }: Ending = {}): void {
    if (name !== undefined) this.span.updateName(name);
    if (attributes) this.span.setAttributes(attributes);
    if (error !== undefined) {
      this.span.setAttribute('error.type', error);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}

class UnrecordedSpan implements Span {
  readonly isRecorded = false;
  readonly traceId: string;
  readonly spanId: string;

  constructor(span: OpenTelemetrySpan) {
    ({ traceId: this.traceId, spanId: this.spanId } = span.spanContext());
  }

  child(): Span {
    return this;
  }

  end(): void {}
}
