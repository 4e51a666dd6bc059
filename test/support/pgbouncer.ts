import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient } from './databases';
import { freePort } from './free-port';
import { ordinaryAccount } from './installed-postgres';
import { until } from './until';

export const hasPgBouncer = (): boolean => spawnSync('pgbouncer', ['--version']).status === 0;

/** Runs PgBouncer in transaction mode, in front of a PostgreSQL on 127.0.0.1. */
export class PgBouncer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** @param target the URL of any database on the server, with the user that PgBouncer connects as */
  static async start(target: string, settings: Record<string, string> = {}): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'xfchat-pgbouncer-'));
    const port = await freePort();
    const { hostname, port: targetPort, username, password, pathname } = new URL(target);
    const secret = password && ` password='${decodeURIComponent(password)}'`;
    const lines = Object.entries({
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: 'transaction',
      default_pool_size: '20',
      ...settings,
    }).map(([name, value]) => `${name} = ${value}`);
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(
      file,
      `[databases]\n* = host=${hostname} port=${targetPort || 5432} user=${username}${secret}\n[pgbouncer]\n${lines.join('\n')}\n`,
    );
    const account = ordinaryAccount();
    if (account.uid !== undefined)
      for (const path of [folder, file]) chownSync(path, account.uid, account.gid!);
    const child = spawn('pgbouncer', ['-q', file], { ...account, cwd: '/', stdio: 'ignore' });
    const bouncer = new PgBouncer(child, folder, port);
    await until('PgBouncer', () =>
      withClient(bouncer.url(pathname.slice(1)), (client) => client.query('select 1')).catch(() => undefined),
    );
    return bouncer;
  }

  url(database: string): string {
    return `postgres://chat:any@127.0.0.1:${this.port}/${database}`;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGINT');
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
