import { spawnSync } from 'node:child_process';
import { RedisProcess } from './redis';
import { until } from './until';

/** A Redis Cluster of three masters without replicas. By default of Redis, the whole cluster is down without one of them. */
export class RedisClusterProcesses {
  private constructor(readonly nodes: readonly RedisProcess[]) {}

  static async start(): Promise<RedisClusterProcesses> {
    const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
    const nodes = await Promise.all([1, 2, 3].map(() => RedisProcess.start(...settings)));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const made = spawnSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(made.stdout + made.stderr);
    const cluster = new RedisClusterProcesses(nodes);
    await cluster.isWell();
    return cluster;
  }

  get url(): string {
    return this.nodes[0]!.url;
  }

  async isWell(): Promise<void> {
    for (const node of this.nodes)
      await until('the cluster', async () =>
        (await node.ask<string>('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      );
  }

  async channels(): Promise<string[][]> {
    return Promise.all(this.nodes.map((node) => node.channels()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}
