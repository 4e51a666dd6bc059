import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import { joinSockets } from '../../support/join-sockets';

/**
 * The address of a client: it forwards plain TCP over TLS to the proxy, from a separate address, because the
 * whole of 127.0.0.0/8 is this machine.
 */
export class ClientTunnel {
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    /** The source address of the next connections. */
    public address: string,
  ) {}

  static async to(proxy: { port: number; certificate: string }, address: string): Promise<ClientTunnel> {
    const server = createServer();
    const tunnel = new ClientTunnel(server, address);
    server.on('connection', (client) => tunnel.pass(client, proxy));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tunnel;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(client: Socket, { port, certificate }: { port: number; certificate: string }): void {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress: this.address });
    const proxy = connectTls({ socket, ca: certificate, servername: 'chat.example.org' });
    joinSockets(client, proxy, this.sockets);
  }
}
