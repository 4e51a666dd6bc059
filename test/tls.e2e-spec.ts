import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseClient } from '../src/platform/database/database-client';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { restoreWithTools } from '../src/operations/backups/postgres-tools';
import { migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { signUp } from './support/people';
import { startTestServer } from './support/test-server';
import { verifyDatabase } from '../src/platform/database/verify-database';
import { Authority, hasOpenssl } from './support/certificates';
import { PostgresController, ROLE } from './support/postgres-controller';

describe('encrypted connections to the database', () => {
  if (!hasOpenssl()) {
    it('DID NOT RUN: there is no openssl on this machine', () => {
      process.stderr.write('the tests of encrypted connections DID NOT RUN\n');
    });
    return;
  }

  const folder = mkdtempSync(join(tmpdir(), 'xfchat-tls-'));
  let postgres: PostgresController;
  let ours: Authority;
  let another: Authority;
  let client: { certificate: string; key: string };

  const dataFolder = (): string => new URL(postgres.administratorUrl()).searchParams.get('host')!;
  const reload = async (access: string): Promise<void> => {
    writeFileSync(join(dataFolder(), 'pg_hba.conf'), `local all all trust\n${access}\n`);
    await postgres.query('select pg_reload_conf()');
  };
  const urlWith = (parameters: Record<string, string>, host = 'localhost'): string => {
    const url = new URL(postgres.url());
    url.hostname = host;
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.toString();
  };
  /** Whether the session is encrypted. */
  async function isEncrypted(url: string): Promise<boolean> {
    const session = new DatabaseClient({ connectionString: url });
    await session.connect();
    const { rows } = await session.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    await session.end();
    return rows[0]!.ssl;
  }
  async function refusal(url: string): Promise<{ fault: string; message: string; isAtOnce: boolean }> {
    const began = performance.now();
    const error = await verifyDatabase(url, loadConfiguration({}), () => undefined).then(
      () => undefined,
      (reason: unknown) => reason as { fault: string; message: string },
    );
    if (!error) throw new Error('it was not refused');
    return { fault: error.fault, message: error.message, isAtOnce: performance.now() - began < 5_000 };
  }

  beforeAll(async () => {
    [ours, another] = [new Authority(folder, 'ours'), new Authority(folder, 'another')];
    const server = ours.sign('localhost');
    client = ours.sign(ROLE);
    postgres = await PostgresController.create();
    const { uid, gid } = statSync(dataFolder());
    copyFileSync(ours.certificate, join(dataFolder(), 'root.crt'));
    copyFileSync(server.certificate, join(dataFolder(), 'server.crt'));
    copyFileSync(server.key, join(dataFolder(), 'server.key'));
    for (const name of ['root.crt', 'server.crt', 'server.key']) {
      chownSync(join(dataFolder(), name), uid, gid);
      chmodSync(join(dataFolder(), name), 0o600);
    }
    await postgres.query("alter system set ssl_ca_file = 'root.crt'");
    await postgres.query('alter system set ssl = on');
    await reload('host all all 127.0.0.1/32 scram-sha-256');
  }, 60_000);
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string, () => Record<string, string>, boolean]>([
    ['none', () => ({}), false],
    ['any, by a socket', () => ({ sslmode: 'verify-full', host: dataFolder(), user: 'xfchat' }), false],
    ['disable', () => ({ sslmode: 'disable' }), false],
    ['prefer', () => ({ sslmode: 'prefer' }), true],
    ['require', () => ({ sslmode: 'require' }), true],
    ['ssl=true, which means require', () => ({ ssl: 'true' }), true],
    ['require with the authority', () => ({ sslmode: 'require', sslrootcert: ours.certificate }), true],
    ['verify-ca', () => ({ sslmode: 'verify-ca', sslrootcert: ours.certificate }), true],
    ['verify-full', () => ({ sslmode: 'verify-full', sslrootcert: ours.certificate }), true],
  ])('sslmode %s', async (_mode, parameters, expected) => {
    expect(await isEncrypted(urlWith(parameters()))).toBe(expected);
    await verifyDatabase(urlWith(parameters()), loadConfiguration({}), () => undefined);
  });

  it('the environment supplies settings that the URL lacks', async () => {
    const environment = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: ours.certificate };
    Object.assign(process.env, environment);
    try {
      expect(await isEncrypted(urlWith({}))).toBe(true);
      expect(await isEncrypted(urlWith({ sslmode: 'disable' }))).toBe(false);
      expect((await refusal(urlWith({}, '127.0.0.1'))).fault).toBe('not-encrypted');
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  });

  it('verify-ca accepts a certificate for another name, and verify-full rejects it', async () => {
    const root = { sslrootcert: ours.certificate };
    expect(await isEncrypted(urlWith({ sslmode: 'verify-ca', ...root }, '127.0.0.1'))).toBe(true);
    expect(await refusal(urlWith({ sslmode: 'verify-full', ...root }, '127.0.0.1'))).toEqual({
      fault: 'not-encrypted',
      message: expect.stringMatching(
        /^No encrypted connection .*DATABASE_URL names: its certificate is for another name/,
      ),
      isAtOnce: true,
    });
  });

  it.each(['require', 'verify-ca', 'verify-full'])(
    '%s rejects another authority at once',
    async (sslmode) => {
      expect(await refusal(urlWith({ sslmode, sslrootcert: another.certificate }))).toEqual({
        fault: 'not-encrypted',
        message: expect.stringContaining('its certificate is not from the authority'),
        isAtOnce: true,
      });
    },
  );

  it('a server encrypts all of its connections', async () => {
    const url = urlWith({ sslmode: 'verify-full', sslrootcert: ours.certificate });
    await migrateUp(url, loadConfiguration({}), SCHEMA);
    const server = await startTestServer({
      database: { url, name: 'chat', drop: async () => undefined },
    });
    const ada = await signUp(server.url);
    await ada.send(await ada.group(), 'over an encrypted connection');
    const sessions = await postgres.query(
      `select application_name, ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = '${ROLE}'`,
    );
    expect(sessions.length).toBeGreaterThan(2);
    expect(sessions.filter(({ ssl }) => !ssl)).toEqual([]);
    await server.close();
  }, 60_000);

  it.each([
    [{ sslmode: 'verify-full' }, 'sslmode=verify-full&sslrootcert=system'],
    [{ sslmode: 'verify-full', sslrootcert: '/a.crt' }, 'sslmode=verify-full&sslrootcert=%2Fa.crt'],
    [
      { sslmode: 'require', sslcert: '/b.crt', sslkey: '/b.key' },
      'sslmode=require&sslcert=%2Fb.crt&sslkey=%2Fb.key',
    ],
  ])('pg_restore gets the same URL: %j', async (parameters, expected) => {
    const tool = join(folder, 'pg_restore');
    writeFileSync(tool, '#!/bin/sh\nfor word; do echo "error: $word" >&2; done; exit 1\n', { mode: 0o755 });
    const run = restoreWithTools({ dump: tool, restore: tool }, urlWith(parameters), 'file', () => undefined);
    await expect(run).rejects.toThrow(`?${expected}`);
  });

  it('a database that requires encryption or a client certificate is reported as such', async () => {
    await reload('hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full');
    const full = { sslmode: 'verify-full', sslrootcert: ours.certificate };
    expect((await refusal(urlWith({}))).message).toContain('Add sslmode=verify-full');
    expect((await refusal(urlWith(full))).message).toContain('it requires a client certificate');
    const own = { ...full, sslcert: client.certificate, sslkey: client.key };
    expect(await isEncrypted(urlWith(own))).toBe(true);
    await reload('host all all 127.0.0.1/32 scram-sha-256');
  });

  it('a database without encryption is rejected, unless encryption is only preferred', async () => {
    await postgres.query('alter system set ssl = off');
    await reload('host all all 127.0.0.1/32 scram-sha-256');
    expect((await refusal(urlWith({ sslmode: 'require' }))).message).toContain('it offers none');
    expect(await isEncrypted(urlWith({ sslmode: 'prefer' }))).toBe(false);
    await postgres.query('alter system set ssl = on');
    await reload('host all all 127.0.0.1/32 scram-sha-256');
  });

  it.each<[string, RegExp]>([
    [
      'sslmode=allow',
      /DATABASE_URL: sslmode must be one of disable, prefer, require, verify-ca, verify-full/,
    ],
    ['sslmode=no-verify', /sslmode must be one of/],
    ['sslmode=verify-ca', /sslmode=verify-ca needs sslrootcert/],
    [
      'sslmode=require&sslrootcert=/no/such.crt',
      /the file that sslrootcert names, \/no\/such\.crt, cannot be read \(ENOENT\)/,
    ],
    ['sslmode=require&sslcert=/no/such.crt', /the file that sslcert names/],
    ['sslmode=require&sslcrl=x', /sslcrl is not supported/],
    ['sslrootcert=/no/such.crt', /sslrootcert without sslmode encrypts nothing/],
    ['sslmode=require&sslrootcert=system', /sslrootcert=system needs sslmode=verify-full/],
  ])('a configuration with ?%s has a fault', (parameters, text) => {
    expect(() => loadConfiguration({ DATABASE_URL: `postgres://u:p@db.example/chat?${parameters}` })).toThrow(
      text,
    );
  });

  it.each([
    'postgres://u:p@one:5432,two:5432/chat',
    'postgres://u:p@/chat?host=one,two&target_session_attrs=primary',
  ])('several hosts are rejected with a clear message: %s', (url) =>
    expect(() => loadConfiguration({ DATABASE_URL: url })).toThrow(
      /DATABASE_URL names several hosts: name one address that leads to the primary/,
    ),
  );
});
