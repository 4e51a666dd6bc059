import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeExporter } from './fake-exporter';

/** An HTTP server on a free port. */
export class FakeServer {
  readonly url: string;

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(answer: RequestListener): Promise<FakeServer> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeServer(server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Serves `/health/ready` and `/metrics` of an exporter. A test changes the exporter between two reads in `beforeMetrics`. */
export function serveExporter(exporter: FakeExporter, beforeMetrics: () => void): Promise<FakeServer> {
  return FakeServer.start((request, response) => {
    if (request.url === '/health/ready') {
      const { status, body } = exporter.health();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    beforeMetrics();
    void exporter.metrics().then((text) => response.end(text));
  });
}

/** Serves the part of the API of Prometheus that lists alert rules. */
export function servePrometheus(
  rules: { name: string; health?: string; state?: string }[],
): Promise<FakeServer> {
  return FakeServer.start((request, response) => {
    const alerting = rules.map((rule) => ({ type: 'alerting', health: 'ok', state: 'inactive', ...rule }));
    const recording = { type: 'recording', name: 'xfchat:errors:rate5m', health: 'ok' };
    const data = { groups: [{ name: 'xfchat', rules: [recording, ...alerting] }] };
    response
      .writeHead(request.url === '/api/v1/rules' ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'success', data }));
  });
}
