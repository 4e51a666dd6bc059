import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { clusterProcesses } from '../../src/platform/embedded-postgres/cluster-processes';
import { findAccount } from '../../src/platform/embedded-postgres/runner';
import {
  eventually,
  Host,
  isRunning,
  killQuietly,
  query,
  succeeds,
  Workspace,
  WriteLoad,
} from '../support/embedded-postgres-processes';

const isRoot = process.getuid?.() === 0;
const nobody = findAccount('nobody');
const namespacesWork = succeeds('unshare', ['--user', '--map-user=65534', '--map-group=65534', 'true']);
const sourcesAreReadable = succeeds('ls', [__dirname], isRoot ? nobody : {});
const capabilitiesCanBeDropped = isRoot && succeeds('setpriv', ['--bounding-set', '-sys_ptrace', 'true']);

let workspace: Workspace;
let template: Workspace;
let hosts: Host[];

function start(directory: string, options: Record<string, unknown> = {}, account = {}): Host {
  const host = new Host({ directory, ...options }, account);
  hosts.push(host);
  return host;
}

/** A directory that was initialised and stopped. A copy takes a tenth of the time. */
function initialised(...names: string[]): string {
  const directory = workspace.path(...names);
  mkdirSync(directory, { recursive: true });
  execFileSync('cp', ['-a', `${template.path('postgres')}/.`, directory]);
  return directory;
}

function serverLog(directory: string): string {
  const folder = join(directory, 'data', 'log');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

/** Kills the process so that no guard stops its server, as when the guard is killed at the same moment. */
async function orphan(host: Host): Promise<number> {
  const { pid } = await host.waitFor('ready');
  host.kill('SIGSTOP');
  for (const guard of workspace.processes('xfchat-postgres-guard')) killQuietly(guard.pid);
  host.kill();
  await host.waitFor('exited');
  expect(isRunning(pid)).toBe(true);
  return pid;
}

beforeAll(async () => {
  template = workspace = new Workspace();
  hosts = [];
  const host = start(template.path('postgres'));
  const { url, milliseconds } = await host.waitFor('ready');
  expect(milliseconds).toBeLessThan(60_000); // about 1300 on two idle cores
  await query(url, 'create table numbers (number bigint primary key)');
  await host.stop();
}, 90_000);

beforeEach(() => {
  workspace = new Workspace();
  hosts = [];
});

afterEach(async () => {
  for (const host of hosts) host.kill();
  await workspace.dispose();
  expect(hosts.flatMap((host) => host.has('unhandled') ?? [])).toEqual([]);
});

afterAll(() => template.dispose());

jest.setTimeout(40_000);

describe('an embedded PostgreSQL in normal use', () => {
  it('keeps data between starts, with the promised settings', async () => {
    const directory = initialised('postgres');
    const first = start(directory);
    await query((await first.waitFor('ready')).url, 'insert into numbers values (1)');
    await first.stop();
    const { url } = await start(directory).waitFor('ready');
    expect(await query(url, 'select number from numbers')).toEqual([{ number: '1' }]);
    const [settings] = await query(
      url,
      `select current_setting('listen_addresses') addresses, current_setting('server_encoding') encoding,
        current_setting('data_checksums') checksums, current_setting('fsync') fsync, current_setting('jit') jit,
        datlocprovider provider, datlocale locale from pg_database where datname = 'postgres'`,
    );
    expect(settings).toEqual({
      ...{ addresses: '', encoding: 'UTF8', checksums: 'on', fsync: 'on', jit: 'off' },
      ...{ provider: 'b', locale: 'C.UTF-8' },
    });
    expect(lstatSync(join(directory, 'socket')).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
  });

  it('leaves no process after stop, and the directory free', async () => {
    const directory = initialised('postgres');
    const host = start(directory);
    const { url } = await host.waitFor('ready');
    const session = new Client({ connectionString: url });
    session.on('error', () => undefined);
    await session.connect();
    await host.stopServer();
    await session.end().catch(() => undefined);
    expect(workspace.processes().filter(({ pid }) => pid !== host.pid)).toEqual([]);
    const again = start(directory, { durable: false, waitMs: 0 });
    expect(await query((await again.waitFor('ready')).url, 'show fsync')).toEqual([{ fsync: 'off' }]);
  });

  it('runs two servers side by side when one path is a prefix of the other', async () => {
    const names = ['one', 'one, "two"'];
    const pair = names.map((name) => start(initialised(name)));
    const [first, second] = await Promise.all(pair.map((host) => host.waitFor('ready')));
    await query(second!.url, 'insert into numbers values (2)');
    await pair[0]!.stop();
    const again = await start(workspace.path('one')).waitFor('ready');
    expect(await query(again.url, 'select * from numbers')).toEqual([]);
    expect(await query(second!.url, 'select * from numbers')).toEqual([{ number: '2' }]);
    expect(again.url).toBe(first!.url);
    expect(isRunning(second!.pid)).toBe(true);
  });

  it('rejects a second process, and the first continues', async () => {
    const directory = initialised('postgres');
    const first = start(directory);
    const { pid, url } = await first.waitFor('ready');
    const refused = await start(directory, { waitMs: 300 }).waitFor('failed');
    expect(refused.name).toBe('DataDirectoryInUseError');
    expect(refused.message).toContain(`in use by another XFChat server (process ${first.pid})`);
    await query(url, 'insert into numbers values (1)');
    expect(isRunning(pid)).toBe(true);

    const patient = start(directory, { waitMs: 20_000 });
    await first.stop();
    expect(await query((await patient.waitFor('ready')).url, 'select * from numbers')).toHaveLength(1);
  });

  it('continues to run when Ctrl-C reaches the whole terminal', async () => {
    const host = start(initialised('postgres'));
    const { pid, url } = await host.waitFor('ready');
    host.interruptGroup();
    await host.waitFor('interrupted');
    await query(url, 'select pg_sleep(0.5)'); // a server that shuts down would end this session
    expect(isRunning(pid)).toBe(true);
    await host.stop();
    expect(host.has('log', 'unexpectedly')).toBeUndefined();
  });
});

describe('an embedded PostgreSQL after a crash', () => {
  it('keeps every committed row when Node is killed under load and started again at once, five times', async () => {
    const directory = initialised('postgres');
    const committed: number[] = [];
    let host = start(directory);
    for (let round = 0; round < 5; round += 1) {
      const load = new WriteLoad((await host.waitFor('ready')).url, round * 1_000_000);
      await eventually('rows committed', () => load.committed.length > 200);
      host.kill();
      host = start(directory);
      const { pid, url } = await host.waitFor('ready');
      await load.broken();
      committed.push(...load.committed);
      const [found] = await query(url, 'select count(*)::int found from numbers where number = any($1)', [
        committed,
      ]);
      expect(found).toEqual({ found: committed.length });
      // The guard of the killed process has finished, and has not stopped the new server.
      await eventually('one guard left', () => workspace.processes('xfchat-postgres-guard').length === 1);
      await query(url, 'select pg_sleep(0.2)');
      expect(isRunning(pid)).toBe(true);
      expect(host.has('log', 'unexpectedly')).toBeUndefined();
    }
    expect(committed.length).toBeGreaterThan(1000);
  });

  it('stops PostgreSQL soon after Node was killed, also when the guard had been killed before', async () => {
    const host = start(initialised('postgres'));
    await host.waitFor('ready');
    const [guard] = workspace.processes('xfchat-postgres-guard');
    killQuietly(guard!.pid);
    await eventually('a new guard', () =>
      workspace.processes('xfchat-postgres-guard').some(({ pid }) => pid !== guard!.pid && isRunning(pid)),
    );
    host.kill();
    await eventually('no process left', () => workspace.processes().length === 0, 5000);
    expect(serverLog(workspace.path('postgres'))).toContain('received fast shutdown request');
  });

  it.each([
    ['the postmaster', (pid: number) => killQuietly(pid)],
    [
      'every process of PostgreSQL',
      () => clusterProcesses(clusterFiles()).forEach(({ pid }) => killQuietly(pid)),
    ],
  ])('restarts PostgreSQL under the same address when %s is killed', async (_, kill) => {
    const host = start(initialised('postgres'));
    const { pid, url } = await host.waitFor('ready');
    const load = new WriteLoad(url, 0);
    await eventually('rows committed', () => load.committed.length > 100);
    kill(pid);
    await host.waitFor('log', 'runs again');
    await load.broken();
    const [found] = await query(url, 'select count(*)::int found from numbers where number = any($1)', [
      load.committed,
    ]);
    expect(found).toEqual({ found: load.committed.length });
    expect(isRunning(pid)).toBe(false);
    await host.stop();
    expect(workspace.processes()).toEqual([]);
  });

  function clusterFiles() {
    return { dataFolder: workspace.path('postgres', 'data'), name: 'unused' };
  }

  it('ends the server of a killed process whose guard was killed too', async () => {
    const directory = initialised('postgres');
    const pid = await orphan(start(directory));
    const host = start(directory);
    const ready = await host.waitFor('ready');
    expect(isRunning(pid)).toBe(false);
    expect(ready.pid).not.toBe(pid);
    expect(host.has('log', 'earlier run')).toBeDefined();
    expect(serverLog(directory)).not.toContain('not properly shut down');
  });

  it('ends sessions that outlived their killed postmaster', async () => {
    const directory = initialised('postgres');
    const host = start(directory);
    const { url } = await host.waitFor('ready');
    const busy = query(url, 'select count(*) from generate_series(1, 1000000000)').catch(() => 'broken');
    await eventually(
      'a busy session',
      async () =>
        (
          await query(
            url,
            `select 1 from pg_stat_activity where query like '%generate_series%' and pid <> pg_backend_pid()`,
          )
        ).length > 0,
    );
    const pid = await orphan(host);
    killQuietly(pid);
    await eventually('dead postmaster', () => !isRunning(pid));
    expect(workspace.processes('postgres: ').length).toBeGreaterThan(0);
    const again = start(directory);
    expect(await query((await again.waitFor('ready')).url, 'select 1 one')).toEqual([{ one: 1 }]);
    expect(await busy).toBe('broken');
  });

  it('ends a live server whose socket is missing, before it touches the files', async () => {
    const directory = initialised('postgres');
    const pid = await orphan(start(directory));
    unlinkSync(join(directory, 'socket', '.s.PGSQL.5432'));
    await start(directory).waitFor('ready');
    expect(isRunning(pid)).toBe(false);
    expect(serverLog(directory).match(/received fast shutdown request/g)).toHaveLength(2); // the template's and this
    expect(serverLog(directory)).not.toMatch(/not properly shut down|lock file/);
  });

  (capabilitiesCanBeDropped ? it : it.skip)(
    'finds orphans as a root that may not look into other processes',
    async () => {
      const directory = initialised('postgres');
      const pid = await orphan(start(directory));
      const host = start(directory, {}, { prefix: ['setpriv', '--bounding-set', '-sys_ptrace'] });
      await host.waitFor('ready');
      expect(isRunning(pid)).toBe(false);
      await host.stop();
    },
  );
});

describe('a lock file that names another program', () => {
  const strangers: ChildProcess[] = [];

  afterEach(() => strangers.splice(0).forEach((stranger) => stranger.kill('SIGKILL')));

  async function expectStartBeside(
    strangerPid: number,
    stranger: ChildProcess,
    directory: string,
    files: Map<string, string>,
  ) {
    for (const [file, text] of files) {
      const { uid, gid } = lstatSync(join(directory, 'data'));
      writeFileSync(file, text.replace(/^\d+/, String(strangerPid)), { mode: 0o600 });
      chownSync(file, uid, gid);
    }
    await query((await start(directory).waitFor('ready')).url, 'insert into numbers values (1)');
    expect(stranger.exitCode).toBeNull();
    expect(isRunning(stranger.pid!)).toBe(true);
  }

  /** The text that the server itself wrote, with the key of its shared memory in the last line but one. */
  async function lockFilesOfStoppedServer(directory: string): Promise<Map<string, string>> {
    const host = start(directory);
    await host.waitFor('ready');
    const names = [
      join(directory, 'data', 'postmaster.pid'),
      join(directory, 'socket', '.s.PGSQL.5432.lock'),
    ];
    const files = new Map(names.map((name) => [name, readFileSync(name, 'utf8')]));
    await host.stop();
    return files;
  }

  // PostgreSQL takes only processes of its own account for a running server.
  function runAsServer(directory: string, script: string): ChildProcess {
    const { uid, gid } = lstatSync(join(directory, 'data'));
    const stranger = spawn('sh', ['-c', script], {
      ...(isRoot ? { uid, gid } : {}),
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    strangers.push(stranger);
    return stranger;
  }

  it('allows the start when the process id now belongs to another program, which is left alone', async () => {
    const directory = initialised('postgres');
    const files = await lockFilesOfStoppedServer(directory);
    const stranger = runAsServer(directory, 'exec sleep 300');
    await expectStartBeside(stranger.pid!, stranger, directory, files);
  });

  it('allows the start when the process id is that of a zombie', async () => {
    const directory = initialised('postgres');
    const files = await lockFilesOfStoppedServer(directory);
    const parent = runAsServer(directory, 'sleep 0 & echo $!; exec sleep 300');
    const zombie = Number(
      await new Promise((resolve) => parent.stdout!.once('data', (text) => resolve(String(text)))),
    );
    await eventually('a zombie', () => readFileSync(`/proc/${zombie}/stat`, 'utf8').includes(') Z '));
    await expectStartBeside(zombie, parent, directory, files);
  });
});

describe('the initialisation', () => {
  it.each(['', 'PG_VERSION', 'base'])('starts again after an interruption (%p existed)', async (entry) => {
    const directory = workspace.path('postgres');
    const host = start(directory);
    const unfinished = () =>
      existsSync(directory) && readdirSync(directory).find((name) => name.startsWith('unfinished-'));
    await eventually('an unfinished folder', () => {
      const name = unfinished();
      return name && existsSync(join(directory, name, entry));
    });
    host.kill();
    const again = start(directory);
    expect(await query((await again.waitFor('ready')).url, 'select 1 one')).toEqual([{ one: 1 }]);
    expect(unfinished()).toBeUndefined();
    expect(readdirSync(directory).sort()).toEqual(['data', 'socket', 'start.log']);
  });

  it('names both versions and a solution for the files of another PostgreSQL release', async () => {
    const directory = initialised('postgres');
    writeFileSync(join(directory, 'data', 'PG_VERSION'), '15\n');
    const { name, message } = await start(directory).waitFor('failed');
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toMatch(/PostgreSQL 15, but .* PostgreSQL 18[^]*DATABASE_URL/);
  });

  it('does not touch a folder with other files', async () => {
    const directory = workspace.path('postgres');
    mkdirSync(join(directory, 'data'), { recursive: true });
    writeFileSync(join(directory, 'data', 'letter.txt'), 'dear');
    expect((await start(directory).waitFor('failed')).message).toContain('PG_VERSION is missing');
    expect(readdirSync(join(directory, 'data'))).toEqual(['letter.txt']);
  });

  it('explains a failed start, and leaves nothing running', async () => {
    const host = start(initialised('postgres'), { settings: { shared_buffers: 'plenty' } });
    const { message } = await host.waitFor('failed');
    expect(message).toMatch(/Correct the settings[^]*invalid value for parameter "shared_buffers": "plenty"/);
    await host.waitFor('exited');
    expect(workspace.processes()).toEqual([]);
  });
});

describe('the socket folder', () => {
  it('is elsewhere when the path is too long for a socket, and is removed again', async () => {
    const directory = initialised('a-rather-long-name'.repeat(4), 'and-another-long-name'.repeat(4));
    const host = start(directory);
    const { url } = await host.waitFor('ready');
    const folder = new URL(url).searchParams.get('host')!;
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(await query(url, 'select 1 one')).toEqual([{ one: 1 }]);
    await host.stop();
    expect(existsSync(folder)).toBe(false);
  });

  it('is not used if another account has prepared it', async () => {
    const directory = initialised('a-rather-long-name'.repeat(4), 'and-another-long-name'.repeat(4));
    const first = start(directory);
    const folder = new URL((await first.waitFor('ready')).url).searchParams.get('host')!;
    await first.stop();
    mkdirSync(folder);
    try {
      const host = start(directory);
      const { url } = await host.waitFor('ready');
      const other = new URL(url).searchParams.get('host')!;
      expect(other).not.toBe(folder);
      expect(readdirSync(folder)).toEqual([]);
      await host.stop();
      expect(existsSync(other)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  (isRoot && namespacesWork ? it : it.skip)('runs as root in a private folder', async () => {
    mkdirSync(workspace.path('private'), { mode: 0o700 });
    const directory = workspace.path('private', 'postgres');
    const host = start(directory);
    const { url } = await host.waitFor('ready');
    await query(url, 'create table numbers (number bigint primary key)');
    expect(lstatSync(join(directory, 'data')).uid).toBe(0);
    const pid = await orphan(host);
    const again = start(directory);
    expect(await query((await again.waitFor('ready')).url, 'select * from numbers')).toEqual([]);
    expect(isRunning(pid)).toBe(false);
    await again.stop();
    expect(workspace.processes()).toEqual([]);
  });

  (nobody && sourcesAreReadable ? it : it.skip)('runs as an ordinary user', async () => {
    const account = isRoot ? nobody! : { uid: process.getuid!(), gid: process.getgid!() };
    const directory = workspace.path('postgres');
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, account.uid, account.gid);
    const host = start(directory, {}, account);
    await host.waitFor('ready');
    expect(lstatSync(join(directory, 'data')).uid).toBe(account.uid);
    const pid = await orphan(host);
    const again = start(directory, {}, account);
    await again.waitFor('ready');
    expect(isRunning(pid)).toBe(false);
    await again.stop();
    expect(workspace.processes()).toEqual([]);
    if (!isRoot) return;
    // The same folder under root: the files keep their owner.
    await start(directory).waitFor('ready');
    expect(lstatSync(join(directory, 'data')).uid).toBe(account.uid);
  });
});
