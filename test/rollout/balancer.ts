import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinSockets } from '../support/join-sockets';

const PROBE_INTERVAL_MS = 250;

/** A server behind it, with the latest result of its probes. */
interface Backend {
  readonly url: URL;
  isReady: boolean;
}

/**
 * A load balancer: each new connection goes to the next server whose `/health/ready` was green when
 * it was last read. Existing connections stay.
 */
export class Balancer {
  private readonly backends: readonly Backend[];
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private next = 0;
  private isClosed = false;
  private readonly probing: Promise<void>[];

  private constructor(urls: readonly string[]) {
    this.backends = urls.map((url) => ({ url: new URL(url), isReady: false }));
    this.server = createServer((client) => this.accept(client));
    this.probing = this.backends.map((backend) => this.probe(backend));
  }

  static async inFrontOf(urls: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(urls);
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Whether the server gets new connections. */
  isInRotation(url: string): boolean {
    return this.backends.some((backend) => backend.url.origin === url && backend.isReady);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await Promise.all(this.probing);
  }

  /** Probes one after the other, because a slow answer is no failure. */
  private async probe(backend: Backend): Promise<void> {
    while (!this.isClosed) {
      const answer = await fetch(new URL('/health/ready', backend.url)).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      backend.isReady = answer?.ok ?? false;
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    }
  }

  private accept(client: Socket): void {
    const ready = this.backends.filter(({ isReady }) => isReady);
    const backend = ready[this.next++ % ready.length];
    if (!backend) return void client.resetAndDestroy();
    const server = connect(Number(backend.url.port), backend.url.hostname);
    joinSockets(client, server, this.sockets);
  }
}
