import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinSockets } from '../support/join-sockets';

const PROBE_INTERVAL_MS = 250;

/** A server behind it, and what the probes last said. */
interface Backend {
  readonly url: URL;
  isReady: boolean;
}

/**
 * What stands in front of several servers: each new connection goes to the next one whose `/health/ready` was green when
 * it was last asked. Connections that exist stay where they are.
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

  /** Whether new connections go there. */
  isInRotation(url: string): boolean {
    return this.backends.some((backend) => backend.url.origin === url && backend.isReady);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await Promise.all(this.probing);
  }

  /** One question after the other: a slow answer is no refusal. */
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
