import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * The fault of the network:
 *   pass            passes everything on
 *   refuse          resets all connections, old and new
 *   blackhole       accepts connections and never answers; old ones stall
 *   stall           passes nothing on in either direction, and closes nothing
 *   swallow-replies passes requests on, and drops the answers
 *   delay           passes everything on, 120 ms later in each direction
 */
export type FaultMode = 'pass' | 'refuse' | 'blackhole' | 'stall' | 'swallow-replies' | 'delay';

const DELAY_MS = 120;

/** A TCP proxy in front of PostgreSQL that simulates faults of a network. */
export class FaultProxy {
  /** Changes the server's answers on their way. */
  rewrite: (data: Buffer) => Buffer = (data) => data;
  private mode: FaultMode = 'pass';
  private readonly pairs = new Set<[client: Socket, server: Socket]>();
  private readonly server: Server;
  private swallowed = 0;

  private constructor(private readonly target: URL) {
    this.server = createServer((client) => this.accept(client));
  }

  static async inFrontOf(databaseUrl: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(databaseUrl));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The database's URL through this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.searchParams.delete('host');
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.toString();
  }

  /** The number of dropped replies, which proves that the fault had an effect. */
  get swallowedReplies(): number {
    return this.swallowed;
  }

  set(mode: FaultMode): void {
    this.mode = mode;
    for (const [client, server] of this.pairs) {
      if (mode === 'refuse') client.resetAndDestroy();
      else if (mode === 'blackhole' || mode === 'stall') [client, server].forEach((socket) => socket.pause());
      else [client, server].forEach((socket) => socket.resume());
    }
  }

  /** Resets every existing connection. New ones pass. */
  resetAll(): void {
    for (const [client] of this.pairs) client.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const pair of this.pairs) pair.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.mode === 'refuse') return void client.resetAndDestroy();
    if (this.mode === 'blackhole' || this.mode === 'stall') client.pause();
    const folder = this.target.searchParams.get('host');
    const server = folder
      ? connect(`${folder}/.s.PGSQL.${this.target.port || 5432}`)
      : connect(Number(this.target.port || 5432), this.target.hostname);
    server.on('error', () => client.destroy());
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    client.on('data', (data) => this.pass(data, server));
    server.on('data', (data) => {
      if (this.mode === 'swallow-replies') this.swallowed++;
      else this.pass(this.rewrite(data), client);
    });
    client.on('close', () => {
      server.destroy();
      this.pairs.delete(pair);
    });
    server.on('close', () => client.destroy());
  }

  private pass(data: Buffer, to: Socket): void {
    if (this.mode === 'delay') setTimeout(() => to.write(data), DELAY_MS);
    else to.write(data);
  }
}
