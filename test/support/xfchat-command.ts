import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PROGRAM = join(__dirname, '../../dist/cli.js');

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it said with `--json`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every shape
  readonly answer: any;
}

/** Runs `xfchat <words> --json` from the build, with nothing in its environment but this. */
export function runCommand(environment: Record<string, string>, ...words: string[]): CommandResult {
  const env = { PATH: process.env.PATH, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words, '--json'], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr, answer: stdout && JSON.parse(stdout) };
}

/** The same while this process goes on, which what the command looks at may need. */
export async function commandOf(
  environment: Record<string, string>,
  ...words: string[]
): Promise<CommandResult> {
  const { stdout, ...rest } = await outputOf(environment, ...words, '--json');
  return { ...rest, stdout, answer: stdout && JSON.parse(stdout) };
}

/** Runs `xfchat <words>` as people do, without `--json`. */
export async function outputOf(
  environment: Record<string, string>,
  ...words: string[]
): Promise<Omit<CommandResult, 'answer'>> {
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (data: Buffer) => (said[name] += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...said };
}

/** The same without waiting for its end. */
export function startCommand(environment: Record<string, string>, ...words: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, ...environment };
  return spawn(process.execPath, [PROGRAM, ...words, '--json'], { env, stdio: 'ignore' });
}
