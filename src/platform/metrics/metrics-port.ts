import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Configuration } from '../configuration/configuration';
import { isReader } from './is-reader';
import { taking } from '../taking-port';
import { Metrics } from './metrics';

const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** @throws Error that says what to do when `METRICS_PORT` is not available */
export async function listenForMetrics(port: MetricsPort, { METRICS_PORT }: Configuration): Promise<void> {
  await taking('METRICS_PORT', METRICS_PORT, () => port.listen());
}

/**
 * Serves `GET /metrics` on a port of its own (`METRICS_PORT`), which the public proxy does not reach. It answers
 * until the very end of a drain.
 */
@Injectable()
export class MetricsPort implements OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly configuration: Configuration,
    /** With workers, the page of all of them. */
    @Inject(Metrics) private readonly metrics: { page(): Promise<string> },
  ) {}

  /**
   * Does nothing without a port.
   * @throws Error of Node, when the port is not available
   */
  async listen(): Promise<void> {
    const { METRICS_PORT: port, listenAddress: host } = this.configuration;
    if (port === undefined) return;
    const server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.writeHead(500).end());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host }, resolve);
    });
    this.server = server;
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    if (!isReader(request.headers.authorization, this.configuration.METRICS_TOKEN)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end();
      return;
    }
    const text = await this.metrics.page();
    response.writeHead(200, { 'Content-Type': CONTENT_TYPE, 'Cache-Control': 'no-store' }).end(text);
  }
}
