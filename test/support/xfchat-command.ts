import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PROGRAM = join(__dirname, '../../dist/cli.js');

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON output. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every shape
  readonly answer: any;
}

/** Runs `xfchat <words> --json` from the build, with only these environment variables. */
export function runCommand(environment: Record<string, string>, ...words: string[]): CommandResult {
  const env = { PATH: process.env.PATH, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words, '--json'], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr, answer: stdout && JSON.parse(stdout) };
}

/** Runs the same without blocking this process, which may serve what the command reads. */
export async function commandOf(
  environment: Record<string, string>,
  ...words: string[]
): Promise<CommandResult> {
  const { stdout, ...rest } = await outputOf(environment, ...words, '--json');
  return { ...rest, stdout, answer: stdout && JSON.parse(stdout) };
}

/** Runs `xfchat <words>` without `--json`. */
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

/** Starts the same without waiting for its end. */
export function startCommand(environment: Record<string, string>, ...words: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, ...environment };
  return spawn(process.execPath, [PROGRAM, ...words, '--json'], { env, stdio: 'ignore' });
}
