import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy } from '../../support/fault-proxy';
import type { Faults } from '../nemesis/nemesis';
import { RestartableServer } from './restartable-server';

/** Server processes on one database, and links to them that can be cut. Links lead to the servers in turn. */
export class Cluster {
  private constructor(
    readonly databaseUrl: string,
    readonly servers: readonly RestartableServer[],
    private readonly links: readonly FaultProxy[],
    private readonly directory: string,
  ) {}

  static async start(
    databaseUrl: string,
    { servers = 1, links = 0, environment = {} as Record<string, string> } = {},
  ): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-cluster-'));
    const started = await Promise.all(
      Array.from({ length: servers }, () =>
        RestartableServer.start(directory, { DATABASE_URL: databaseUrl, ...environment }),
      ),
    );
    const proxies = await Promise.all(
      Array.from({ length: links }, (_, index) => FaultProxy.inFrontOf(started[index % servers]!.url)),
    );
    return new Cluster(databaseUrl, started, proxies, directory);
  }

  /** The addresses for clients: those of the links, if there are any. */
  get urls(): readonly string[] {
    if (this.links.length > 0) return this.links.map((link) => link.url.replace(/\/$/, ''));
    return this.servers.map((server) => server.url);
  }

  /** The faults that a nemesis can cause. */
  get faults(): Faults {
    const server = (number: number): RestartableServer => this.servers[number - 1]!;
    const link = (number: number): FaultProxy => this.links[number - 1]!;
    return {
      'kill server': async (number) => {
        await server(number).kill();
        await server(number).start();
      },
      'stop server': async (number) => {
        await server(number).stop();
        await server(number).start();
      },
      'cut link': async (number) => link(number).resetAll(),
      'lose replies of link': async (number) => {
        link(number).set('swallow-replies');
        await new Promise((resolve) => setTimeout(resolve, 150));
        link(number).set('pass');
        link(number).resetAll();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await Promise.all(this.links.map((link) => link.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
