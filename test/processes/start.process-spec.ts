import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres';
import { SCHEMA } from '../../src/schema';
import { createTestDatabase, withClient } from '../support/databases';
import { PASSWORD, signUp } from '../support/people';
import { refusedSocket } from '../support/test-socket';
import { until } from '../support/until';

const ROOT = join(__dirname, '../..');
const PROGRAM = join(ROOT, 'dist/cli.js');

interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** The address of the server, once it serves. */
  url(): Promise<string>;
  ended(): Promise<number | string>;
}

describe('the server as a process', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-start-'));
  const children: ChildProcess[] = [];

  function start(environment: Record<string, string> = {}): Started {
    const child = spawn(process.execPath, [PROGRAM, 'start'], {
      cwd: directory,
      env: { PATH: process.env.PATH, PORT: '0', DATA_DIR: join(directory, 'data'), ...environment },
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const ended = (): Promise<number | string> =>
      until(
        'the process to end',
        () => (child.exitCode !== null ? `${child.exitCode}` : child.signalCode),
        30_000,
      );
    return {
      child,
      output: () => output,
      ended,
      url: () =>
        until(
          'the server to serve',
          () => {
            if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
            return /XFChat serves at (http:\S+)/.exec(output)?.[1];
          },
          30_000,
        ),
    };
  }
  const run = (args: string[], environment: Record<string, string> = {}) =>
    spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: directory,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATA_DIR: join(directory, 'data'), ...environment },
    });

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  // Tests G1.
  it('keeps history and sessions over a restart, and acknowledged messages over kill -9 under load', async () => {
    let server = start();
    const ada = await signUp(await server.url());
    const conversationId = await ada.group();
    const acknowledged = [await ada.send(conversationId, 'before')];
    server.child.kill('SIGTERM');
    expect(await server.ended()).toBe('0');

    for (let round = 0; round < 3; round++) {
      server = start();
      Object.assign(ada, { url: await server.url() });
      let isLoaded = true;
      const load = Promise.all(
        Array.from({ length: 4 }, async () => {
          while (isLoaded) {
            const id = randomUUID();
            try {
              acknowledged.push(await ada.send(conversationId, `text of ${id}`, { id }));
            } catch {
              return; // the server has been killed
            }
          }
        }),
      );
      const target = acknowledged.length + 20;
      await until('some load', () => acknowledged.length > target);
      server.child.kill('SIGKILL');
      isLoaded = false;
      await load;
    }
    server = start();
    Object.assign(ada, { url: await server.url() });
    const stored = [];
    let after = 0;
    for (;;) {
      const { items, hasMoreAfter } = (
        await ada.call('GET', `/conversations/${conversationId}/messages?after=${after}&limit=200`)
      ).body;
      stored.push(...items);
      if (!hasMoreAfter) break;
      after = items.at(-1).seq;
    }
    expect(stored.map((message) => message.seq)).toEqual(stored.map((_message, index) => index + 1));
    const byId = new Map(stored.map((message) => [message.id, message]));
    for (const message of acknowledged) expect(byId.get(message.id)).toEqual(message);

    // A second server on the same data fails with a clear message, and the first continues.
    const second = start();
    expect(await second.ended()).toBe('1');
    expect(second.output()).toContain('in use by another XFChat server');
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    // With other data and another port, both run.
    const beside = start({ DATA_DIR: join(directory, 'other') });
    const ben = await signUp(await beside.url());
    expect((await ada.call('GET', `/users/${ben.id}`)).status).toBe(404);
    // A start fails on a port that is in use.
    const clash = start({ DATA_DIR: join(directory, 'third'), PORT: new URL(ada.url).port });
    expect(await clash.ended()).toBe('1');
    expect(clash.output()).toMatch(/Port \d+ is in use/);
    for (const { child } of [beside, server]) child.kill('SIGINT');
    expect(await beside.ended()).toBe('0');
    expect(await server.ended()).toBe('0');
    expect(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout).not.toContain(directory);
  }, 120_000);

  it('reports all faults of its configuration at once, and each fault of its database with its own message', async () => {
    const production = start({ NODE_ENV: 'production', PORT: 'x' });
    expect(await production.ended()).toBe('1');
    for (const name of ['PORT', 'DATABASE_URL', 'AUTH_SECRET']) expect(production.output()).toContain(name);

    const database = await createTestDatabase({ empty: true });
    const missing = new URL(database.url);
    missing.pathname = '/no_such_database';
    const cases: [Record<string, string>, code: string, RegExp][] = [
      [{ DATABASE_URL: missing.toString() }, '12', /does not exist/],
      [
        { DATABASE_URL: 'postgres://x@127.0.0.1:9/x', DATABASE_START_TIMEOUT_MS: '500' },
        '10',
        /did not answer .*Start it, or correct DATABASE_URL/,
      ],
      [
        { DATABASE_URL: database.url, MIGRATE_ON_START: 'false' },
        '17',
        /lacks migrations: 1764000000000-initial-schema .*migrate up/,
      ],
    ];
    for (const [environment, code, text] of cases) {
      const server = start(environment);
      expect({ environment, code: await server.ended() }).toEqual({ environment, code });
      expect(server.output()).toMatch(text);
    }
    await database.drop();
  }, 60_000);

  it('ends at once with 0 when it is stopped while it waits for its database', async () => {
    const server = start({ DATABASE_URL: 'postgres://x@127.0.0.1:9/x', DATABASE_START_TIMEOUT_MS: '600000' });
    await until('it to wait', () => server.output().includes('Retrying'), 30_000);
    server.child.kill('SIGTERM');
    expect(await server.ended()).toBe('0');
    expect(server.output()).not.toContain('serves at');
  }, 90_000);

  // Tests G24.
  it('writes JSON lines in production: one for each request and command, without a secret or text of anybody', async () => {
    // Production accepts only a durable database, and the database of the tests is not durable.
    const durable = await startEmbeddedPostgres({ directory: join(directory, 'durable') });
    const secret = 'a-secret-of-40-characters-0123456789-xyz';
    const server = start({
      NODE_ENV: 'production',
      DATABASE_URL: durable.url('postgres'),
      MIGRATE_ON_START: 'true',
      AUTH_SECRET: secret,
      METRICS_TOKEN: 'metrics-token',
      CANARY_INTERVAL_MS: '0',
      DRAIN_DELAY_MS: '0',
    });
    const text = 'the text of somebody';
    const wrong = 'a wrong password, never to be seen';
    const ada = await signUp(await server.url(), { email: 'ada@mail.example' });
    const conversationId = await ada.group();
    const path = `/conversations/${conversationId}/messages`;
    const message = await ada.send(conversationId, text);
    const socket = await ada.connect();
    await socket.ok('message:send', { conversationId, body: text });
    await ada.call('PUT', `${path}/${message.id}`, { body: `${text}, edited`, parents: [message.id] });
    await ada.call('POST', path, { body: text, [text]: text });
    await socket.command('message:send', { conversationId, body: [text] });
    await ada.call('GET', `/users?query=${encodeURIComponent(text)}`);
    await ada.call('PATCH', '/users/me', { displayName: text });
    await ada.call('POST', '/auth/refresh', { refreshToken: ada.refreshToken });
    await ada.call('POST', '/auth/refresh', { refreshToken: `${ada.refreshToken}x` });
    await ada.call('POST', '/auth/login', { login: ada.username, password: wrong });
    await ada.call('PUT', '/auth/password', { currentPassword: PASSWORD, newPassword: wrong });
    await refusedSocket(ada.url, `${ada.accessToken}x`);
    await withClient(durable.url('postgres'), (client) =>
      client.query('alter table chat_messages add constraint no_more check (seq < 3)'),
    );
    const failed = await ada.call('POST', path, { body: text });
    expect(failed).toMatchObject({ status: 500, body: { code: 'internal' } });
    socket.close();
    server.child.kill('SIGTERM');
    expect(await server.ended()).toBe('0');
    await durable.stop();

    const lines = server
      .output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('XFChat serves at'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const requests = lines.filter((line) => line.msg === 'request');
    expect(
      requests.map(
        ({ method, path: address, status }) => `${method as string} ${address as string} ${status as number}`,
      ),
    ).toEqual([
      'POST /api/v1/auth/register 201',
      'POST /api/v1/conversations 201',
      `POST /api/v1${path} 201`,
      `PUT /api/v1${path}/${message.id} 200`,
      `POST /api/v1${path} 400`,
      'GET /api/v1/users 400',
      'PATCH /api/v1/users/me 200',
      'POST /api/v1/auth/refresh 200',
      'POST /api/v1/auth/refresh 401',
      'POST /api/v1/auth/login 401',
      'PUT /api/v1/auth/password 204',
      `POST /api/v1${path} 500`,
    ]);
    const commands = lines.filter((line) => line.msg === 'command');
    expect(commands).toMatchObject([
      { event: 'message:send', outcome: 'ok', userId: ada.id },
      { event: 'message:send', outcome: 'validation-failed', userId: ada.id },
    ]);
    for (const line of [...requests, ...commands]) expect(line.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 50, requestId: failed.body.requestId, msg: 'rejected with internal' }),
    );
    const output = server.output();
    for (const hidden of [
      secret,
      'metrics-token',
      text,
      wrong,
      PASSWORD,
      'ada@mail.example',
      ...[ada.accessToken, ada.refreshToken].flatMap((token) => token.split('.')),
    ]) {
      expect(output).not.toContain(hidden);
    }
  }, 60_000);

  it('has a command line with help, JSON output and exit codes', async () => {
    const database = await createTestDatabase({ empty: true });
    const environment = { DATABASE_URL: database.url };
    for (const command of [[], ['start'], ['migrate'], ['migrate', 'up'], ['user'], ['user', 'grant']]) {
      expect(run([...command, '--help'])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('Usage: xfchat'),
      });
    }
    expect(run(['no-such-command']).status).not.toBe(0);
    expect(JSON.parse(run(['migrate', 'status', '--json'], environment).stdout).pending).toHaveLength(
      SCHEMA.migrations.length,
    );
    expect(JSON.parse(run(['migrate', 'up', '--json'], environment).stdout).applied).toHaveLength(
      SCHEMA.migrations.length,
    );
    expect(run(['migrate', 'up'], environment).stdout).toBe('nothing to do\n');
    expect(run(['migrate', 'down'], environment).status).toBe(0);
    const again = run(['migrate', 'up'], environment);
    expect(again).toMatchObject({ status: 0, stderr: expect.stringContaining('proven by restoring it') });
    expect(JSON.parse(run(['backup', 'list', '--json'], environment).stdout).backups).toMatchObject([
      { verifiedAt: expect.any(String) },
    ]);
    const nobody = run(['user', 'grant', 'nobody'], environment);
    expect(nobody).toMatchObject({ status: 1, stderr: 'There is no user "nobody".\n' });
    await database.drop();
  }, 180_000);
});
