import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findPostgresTools } from '../../src/operations/backups/postgres-tools';
import { withClient } from './databases';
import { freePort } from './free-port';
import { until } from './until';

export const PASSWORD = 'the-password-of-the-installed-server';

/** The newest installed PostgreSQL with its server and tools in one folder. */
export function installedPostgres(): { major: number; folder: string } | undefined {
  return [18, 17, 16, 15]
    .map((major) => ({ major, dump: findPostgresTools(major, process.env.PG_BIN_DIR)?.dump }))
    .flatMap(({ major, dump }) => (dump ? [{ major, folder: dirname(dump) }] : []))
    .find(({ folder }) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
}

/** A temporary server of the installed PostgreSQL, with a password. */
export class InstalledPostgres {
  private constructor(
    private readonly child: ChildProcess,
    private readonly data: string,
    private readonly port: number,
  ) {}

  static async start(folder: string): Promise<InstalledPostgres> {
    const data = mkdtempSync(join(tmpdir(), 'xfchat-installed-'));
    const passwordFile = `${data}.password`;
    writeFileSync(passwordFile, PASSWORD);
    const account = ordinaryAccount();
    if (account.uid !== undefined)
      for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid!);
    const options = { ...account, cwd: '/', env: { LC_ALL: 'C.UTF-8' } };
    const words = [
      '-D',
      data,
      '-U',
      'chat',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '-N',
    ];
    const made = spawnSync(join(folder, 'initdb'), words, { ...options, encoding: 'utf8' });
    rmSync(passwordFile);
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const port = await freePort();
    const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: data, fsync: 'off' };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(folder, 'postgres'), ['-D', data, ...flags], { ...options, stdio: 'ignore' });
    const server = new InstalledPostgres(child, data, port);
    await until('the installed PostgreSQL', () =>
      withClient(server.url('postgres'), (client) => client.query('select 1')).catch(() => undefined),
    );
    return server;
  }

  url(database: string): string {
    return `postgres://chat:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    await until(
      'the end of PostgreSQL',
      () => this.child.exitCode !== null || this.child.signalCode !== null,
    );
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses to run as root. */
export function ordinaryAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string): number =>
    Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}
