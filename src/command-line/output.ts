import { isSqlState } from '../platform/database/sql-state';

/** Prints what a command has to say: JSON for programs, a sentence for people. */
export function print(options: { json?: boolean }, text: string, data: object): void {
  process.stdout.write(`${options.json ? JSON.stringify(data) : text}\n`);
}

/** What is being done, on one line of a terminal; nobody else wants to read it. An empty text takes it away. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/**
 * Keeps the process until it is ended on purpose. Without this, a stop that waits for another process (which does not
 * hold this one) could find nothing left to do, and Node would end with 0 in the middle of a failure.
 */
export function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}

/** Ends the process with a sentence on what went wrong; errors whose text was not written for people show their name. */
export function fail(error: unknown): never {
  const { code, exitCode = 1 } = error as { code?: string; exitCode?: number };
  const message = error instanceof Error ? error.message : String(error);
  progress('');
  process.stderr.write(`${code && isSqlState(code) ? `The database refused: ${code}` : message}\n`);
  process.exit(exitCode);
}
