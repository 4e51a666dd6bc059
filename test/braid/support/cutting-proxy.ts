import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const MARK = 'Content-Range: ';

/** A TCP proxy that can cut all connections in the middle of the next patch to a client. */
export class CuttingProxy {
  /** The number of cuts. */
  cuts = 0;
  private isArmed = false;
  private readonly pairs = new Set<[client: Socket, server: Socket]>();
  private readonly server: Server;

  private constructor(private readonly targetPort: number) {
    this.server = createServer((client) => this.accept(client));
  }

  static async inFrontOf(targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cutInNextPatch(): void {
    this.isArmed = true;
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    const server = connect(this.targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    client.pipe(server);
    server.on('data', (data) => this.pass(client, data));
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }

  private pass(client: Socket, data: Buffer): void {
    const mark = this.isArmed ? data.indexOf(MARK) : -1;
    if (mark < 0) return void client.write(data);
    this.isArmed = false;
    // The client has the head of the patch, and a part of its content.
    client.write(data.subarray(0, mark + MARK.length + 80), () => {
      this.cutAll();
      this.cuts++;
    });
  }

  private cutAll(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }
}
