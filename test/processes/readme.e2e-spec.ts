import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFetch } from '../support/as-fetch';
import { createTestDatabase } from '../support/databases';
import { until } from '../support/until';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

/** The commands of all `sh` blocks, continuation lines joined. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) =>
    block[1]!.replaceAll('\\\n', ' ').split('\n').filter(Boolean),
  );

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
}

describe('the documentation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-readme-'));
  const started: ChildProcess[] = [];
  let running: Running | undefined;

  async function npmStart(environment: Record<string, string>): Promise<Running> {
    const child = spawn('npm', ['start'], {
      cwd: ROOT,
      env: { ...process.env, PORT: '0', DATA_DIR: directory, ...environment },
      detached: true,
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const url = await until(
      'the line that README promises',
      () => {
        if (child.exitCode !== null) throw new Error(`npm start ended: ${output}`);
        return /XFChat serves at (http:\S+)/.exec(output)?.[1];
      },
      60_000,
    );
    return { child, url, output: () => output };
  }

  async function stop({ child }: Running): Promise<void> {
    // Send it to the whole foreground process group, as Ctrl-C does.
    process.kill(-child.pid!, 'SIGINT');
    await until('the end of npm start', () => child.exitCode !== null || child.signalCode !== null, 30_000);
  }

  /** The required result of each command of the README. A command that is missing here fails the test. */
  const rehearsals: [RegExp, (command: string) => Promise<void>][] = [
    [
      /^npm ci && npm start$/,
      async () => {
        const check = spawnSync('npm', ['ci', '--dry-run', '--ignore-scripts'], {
          cwd: ROOT,
          encoding: 'utf8',
        });
        expect({ status: check.status, stderr: check.status === 0 ? '' : check.stderr }).toEqual({
          status: 0,
          stderr: '',
        });
        running = await npmStart({});
      },
    ],
    [
      /^node examples\/two-people\.mjs /,
      async (command) => {
        const [file, url] = command.split(' ').slice(1);
        const run = spawnSync(process.execPath, [file!, running!.url], { cwd: ROOT, encoding: 'utf8' });
        expect(url).toBe('http://localhost:3000');
        expect(run.stderr).toBe('');
        expect(README).toContain(run.stdout);
      },
    ],
    [
      /^curl /,
      async (command) => {
        const answer = await asFetch(command, running!.url);
        expect({ command, ok: answer.ok }).toEqual({ command, ok: true });
      },
    ],
    // This command is running this test.
    [/^npm ci && npm test$/, async () => undefined],
    [
      /^DATABASE_URL=\S+ npm start$/,
      async () => {
        const database = await createTestDatabase({ empty: true });
        const server = await npmStart({ DATABASE_URL: database.url, DATA_DIR: join(directory, 'other') });
        expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
        await stop(server);
        await database.drop();
      },
    ],
    [
      /^DATABASE_URL=\S+ node -r \S+ node_modules\/typeorm\/cli\.js migration:show /,
      async (command) => {
        const database = await createTestDatabase();
        const run = spawnSync(process.execPath, command.split(' ').slice(2), {
          cwd: ROOT,
          encoding: 'utf8',
          env: { ...process.env, DATABASE_URL: database.url },
        });
        await database.drop();
        expect(run.stdout).toContain('[X] 1 InitialSchema');
        expect(run.status).toBe(0);
      },
    ],
  ];

  afterAll(async () => {
    if (running) await stop(running);
    for (const child of started)
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([...commandsOf(README), ...commandsOf(CONTRIBUTING)])(
    'has commands with the documented results: %s',
    async (command) => {
      const rehearsal = rehearsals.find(([pattern]) => pattern.test(command));
      expect(rehearsal).toBeDefined();
      await rehearsal![1](command);
    },
    90_000,
  );

  it('names existing files', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });

  it('leaves no process behind after Ctrl-C', async () => {
    const { child } = running!;
    const processes = (): string[] =>
      spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter((line) => line.includes(directory));
    expect(processes()).not.toEqual([]);
    await stop(running!);
    running = undefined;
    expect(child.signalCode ?? child.exitCode).toBeDefined();
    await until('the end of everything that was started', () => processes().length === 0);
  });
});
