import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '../support/databases';
import { signUp } from '../support/people';
import { until } from '../support/until';

const ROOT = join(__dirname, '../..');
const PROGRAM = join(ROOT, 'dist/cli.js');

interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** The address, once it serves. */
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

    // A second server on the same data: a clear word, and the first goes on.
    const second = start();
    expect(await second.ended()).toBe('1');
    expect(second.output()).toContain('in use by another XFChat server');
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    // On other data, with another port, the two don't meet.
    const beside = start({ DATA_DIR: join(directory, 'other') });
    const ben = await signUp(await beside.url());
    expect((await ada.call('GET', `/users/${ben.id}`)).status).toBe(404);
    // On a port that is in use.
    const clash = start({ DATA_DIR: join(directory, 'third'), PORT: new URL(ada.url).port });
    expect(await clash.ended()).toBe('1');
    expect(clash.output()).toMatch(/Port \d+ is in use/);
    for (const { child } of [beside, server]) child.kill('SIGINT');
    expect(await beside.ended()).toBe('0');
    expect(await server.ended()).toBe('0');
    expect(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout).not.toContain(directory);
  }, 120_000);

  it('says what is wrong with its configuration, all at once, and with its database, each in its own words', async () => {
    const production = start({ NODE_ENV: 'production', PORT: 'x' });
    expect(await production.ended()).toBe('1');
    for (const name of ['PORT', 'DATABASE_URL', 'AUTH_SECRET']) expect(production.output()).toContain(name);

    const database = await createTestDatabase({ empty: true });
    const missing = new URL(database.url);
    missing.pathname = '/no_such_database';
    const cases: [Record<string, string>, RegExp][] = [
      [{ DATABASE_URL: missing.toString() }, /does not exist/],
      [
        { DATABASE_URL: 'postgres://x@127.0.0.1:9/x', DATABASE_START_TIMEOUT_MS: '500' },
        /did not answer within/,
      ],
      [
        { DATABASE_URL: database.url, MIGRATE_ON_START: 'false' },
        /lacks migrations: InitialSchema.*migrate up/,
      ],
    ];
    for (const [environment, text] of cases) {
      const server = start(environment);
      expect({ environment, code: await server.ended() }).toEqual({ environment, code: '1' });
      expect(server.output()).toMatch(text);
    }
    await database.drop();
  }, 60_000);

  it('writes JSON lines in production, with no secret, token or text of a message in them', async () => {
    const database = await createTestDatabase();
    const secret = 'a-secret-of-40-characters-0123456789-xyz';
    const server = start({
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      AUTH_SECRET: secret,
      DRAIN_DELAY_MS: '0',
    });
    const unsafe = await server.url().catch(() => undefined);
    if (unsafe === undefined) {
      // The database of the tests forgets what it has acknowledged, and production refuses that.
      expect(server.output()).toContain('may lose messages');
    } else server.child.kill('SIGTERM');
    await server.ended();
    const lines = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBeGreaterThan(0);
    lines.forEach((line) => JSON.parse(line) as unknown);
    expect(server.output()).not.toContain(secret);
    await database.drop();
  }, 60_000);

  it('has a command line that helps, speaks JSON, and fails with a code', async () => {
    const database = await createTestDatabase({ empty: true });
    const environment = { DATABASE_URL: database.url };
    for (const command of [[], ['start'], ['migrate'], ['migrate', 'up'], ['user'], ['user', 'grant']]) {
      expect(run([...command, '--help'])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('Usage: xfchat'),
      });
    }
    expect(run(['no-such-command']).status).not.toBe(0);
    expect(JSON.parse(run(['migrate', 'status', '--json'], environment).stdout).pending).toHaveLength(2);
    expect(JSON.parse(run(['migrate', 'up', '--json'], environment).stdout).applied).toHaveLength(2);
    expect(run(['migrate', 'up'], environment).stdout).toBe('nothing to do\n');
    expect(run(['migrate', 'down'], environment).status).toBe(0);
    expect(run(['migrate', 'up'], environment).status).toBe(0);
    const nobody = run(['user', 'grant', 'nobody'], environment);
    expect(nobody).toMatchObject({ status: 1, stderr: 'There is no user "nobody".\n' });
    await database.drop();
  }, 60_000);
});
