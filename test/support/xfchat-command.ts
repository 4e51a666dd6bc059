import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
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

/** The same without waiting for its end. */
export function startCommand(environment: Record<string, string>, ...words: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, ...environment };
  return spawn(process.execPath, [PROGRAM, ...words, '--json'], { env, stdio: 'ignore' });
}
