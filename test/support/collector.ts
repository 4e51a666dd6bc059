import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { until } from './until';

/** A span of OTLP in JSON, with its attributes as an object. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** The kind: 1 is internal, 2 is server, 3 is client. */
  readonly kind: number;
  /** The code 2 means an error. */
  readonly status: { readonly code: number };
  readonly attributes: Record<string, unknown>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** Receives OTLP over HTTP, as a collector or Jaeger does. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** All received bodies, unchanged. */
  text = '';
  headers: IncomingHttpHeaders = {};
  resource: Record<string, unknown> = {};
  /** The status of each answer. Any other than 200 is a failure; 0 means no answer until `release`. */
  status = 200;
  private readonly held: ServerResponse[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (data: Buffer) => parts.push(data));
      request.on('end', () => {
        const body = Buffer.concat(parts);
        const isCompressed = request.headers['content-encoding'] === 'gzip';
        const text = (isCompressed ? gunzipSync(body) : body).toString();
        collector.take(request.url!, request.headers, text, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get heldCount(): number {
    return this.held.length;
  }

  /** Waits for the first span that fits. */
  async span(what: string, fits: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    return until(`the span ${what}`, () => this.spans.find(fits));
  }

  childrenOf(parent: CollectedSpan): CollectedSpan[] {
    return this.spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
  }

  release(): void {
    for (const response of this.held.splice(0)) response.writeHead(200).end();
  }

  async close(): Promise<void> {
    this.release();
    this.server.close();
    this.server.closeIdleConnections();
    await once(this.server, 'close');
  }

  private take(path: string, headers: IncomingHttpHeaders, text: string, response: ServerResponse): void {
    if (this.status === 0) {
      this.held.push(response);
      return;
    }
    response.writeHead(path === '/v1/traces' ? this.status : 404, { 'content-type': 'application/json' });
    response.end('{}');
    if (this.status !== 200) return;
    this.text += text;
    this.headers = headers;
    /* eslint-disable @typescript-eslint/no-explicit-any -- what came is looked at, whatever it is */
    for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans as any[]) {
      this.resource = attributesOf(resource.attributes);
      for (const { spans } of scopeSpans)
        for (const span of spans)
          this.spans.push({ links: [], ...span, attributes: attributesOf(span.attributes) });
    }
  }
}

const attributesOf = (list: { key: string; value: object }[]): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
