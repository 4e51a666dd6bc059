import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { verifyDatabase } from '../src/platform/database/verify-database';
import { lockDataDirectory } from '../src/platform/embedded-postgres/data-directory-lock';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres';
import { startServer } from '../src/start';
import { createTestDatabase, withClient } from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { signUp } from './support/people';
import { until } from './support/until';

describe('the start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-in-process-'));
  const quiet = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'fatal' };
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('creates a database if none is configured, and uses it again next time', async () => {
    const environment = { ...quiet, DATA_DIR: join(directory, 'data') };
    const first = await startServer(environment);
    const ada = await signUp(first.url);
    const id = await ada.group();
    await ada.send(id, 'kept');
    await first.stop();
    const second = await startServer(environment);
    Object.assign(ada, { url: second.url });
    expect((await ada.call('GET', `/conversations/${id}/messages`)).body.items).toMatchObject([
      { body: 'kept' },
    ]);
    await second.stop();
  }, 60_000);

  it('leaves nothing running when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await until('the other program', () => other.listening);
    const { port } = other.address() as AddressInfo;
    const data = join(directory, 'clash');
    await expect(startServer({ ...quiet, DATA_DIR: data, PORT: String(port) })).rejects.toThrow(
      `Port ${port} is in use`,
    );
    const lock = await lockDataDirectory(join(data, 'postgres'), { waitMs: 0 });
    await lock.release();
    other.close();
  }, 60_000);

  it('rejects a directory that another server uses', async () => {
    const held = join(directory, 'held');
    const server = await startEmbeddedPostgres({ directory: held, durable: false });
    await expect(startEmbeddedPostgres({ directory: held, waitMs: 50 })).rejects.toThrow(
      /in use by another XFChat server/,
    );
    const pid = server.pid;
    process.kill(pid, 'SIGKILL');
    await until('the server to be started again', async () => {
      if (server.pid === 0 || server.pid === pid) return false;
      return withClient(server.url('postgres'), (client) => client.query('select 1')).then(
        () => true,
        () => false,
      );
    });
    await server.stop();
    await server.stop();
  }, 60_000);

  describe('with a database server', () => {
    const configuration = loadConfiguration({
      DATABASE_START_TIMEOUT_MS: '600',
      DATABASE_ACQUIRE_TIMEOUT_MS: '500',
    });
    const log: string[] = [];
    const verify = (url: string, settings = configuration): Promise<unknown> =>
      verifyDatabase(url, settings, (line) => log.push(line));

    it('waits for a database that does not answer yet', async () => {
      const database = await createTestDatabase();
      const proxy = await FaultProxy.inFrontOf(database.url);
      proxy.set('refuse');
      const patient = loadConfiguration({ DATABASE_START_TIMEOUT_MS: '20000' });
      const verified = verify(proxy.url, patient);
      await until('the first tries', () => log.length >= 2);
      proxy.set('pass');
      await verified;
      await proxy.close();
      await database.drop();
    });

    it('gives up with a clear message when the database never answers', async () => {
      await expect(verify('postgres://x@127.0.0.1:9/x')).rejects.toThrow(
        /did not answer .*Start it, or correct DATABASE_URL/,
      );
    });

    it('reports at once a fault that waiting cannot fix', async () => {
      const database = await createTestDatabase();
      const missing = new URL(database.url);
      missing.pathname = '/no_such_database';
      await expect(verify(missing.toString())).rejects.toThrow(/does not exist/);
      const stranger = new URL(database.url);
      stranger.username = 'no_such_user';
      await expect(verify(stranger.toString())).rejects.toThrow(/rejects the user name or password/);
      await database.drop();
    });

    // Tests G1.
    it('accepts in production only a database with durable commits', async () => {
      const database = await createTestDatabase();
      await withClient(database.url, (client) =>
        client.query(`alter database ${database.name} set synchronous_commit = off`),
      );
      const production = loadConfiguration({
        NODE_ENV: 'production',
        DATABASE_URL: database.url,
        AUTH_SECRET: 'a-secret-of-40-characters-0123456789-xyz',
      });
      await expect(verify(database.url, production)).rejects.toThrow(/turn .*synchronous_commit on/);
      await verify(database.url);
      await database.drop();
    });
  });
});
