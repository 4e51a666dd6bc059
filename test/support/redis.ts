import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from './free-port';
import { until } from './until';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Works as `describe` if Redis is installed; otherwise it reports that nothing was tested. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (hasRedis) return describe(name, tests);
  describe(name, () =>
    it('NOT RUN: there is no redis-server on this machine (scripts/ci/install-redis.sh)', () => {
      process.stderr.write(`${name}: NOT RUN, there is no redis-server\n`);
    }),
  );
}

/** A `redis-server` process without persistence. It can be killed, frozen and started again on its port. */
export class RedisProcess {
  private child: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'xfchat-redis-'));

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  static async start(...settings: string[]): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort(), settings);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.child = spawn('redis-server', [...options, '--dir', this.folder, ...this.settings], {
      stdio: 'ignore',
      cwd: '/',
    });
    await until('Redis', () => this.ask('PING').catch(() => undefined));
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.child!.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async ask<T = unknown>(...words: string[]): Promise<T> {
    const client = createClient({
      url: this.url,
      socket: { reconnectStrategy: false, connectTimeout: 1_000 },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.sendCommand<T>(words);
    } finally {
      if (client.isOpen) client.destroy();
    }
  }

  /** The channels that servers have subscribed to. */
  async channels(): Promise<string[]> {
    const channels = await this.ask<string[]>('PUBSUB', 'SHARDCHANNELS');
    return channels
      .filter((channel) => channel.includes(':room:'))
      .map((channel) => channel.split(':room:')[1]!);
  }
}
