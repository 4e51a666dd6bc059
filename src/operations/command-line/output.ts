import { isSqlState } from '../../platform/database/sql-state';
import { EXIT_CODES } from '../../platform/database/unusable-database';
import { foreign, visible, visibleJson } from '../../platform/logging/foreign-text';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Control characters that this program writes itself: line ends and terminal colours. */
const OWN_CONTROLS = /(\n|\u001b\[\d{1,3}m)/; // eslint-disable-line no-control-regex -- it finds control characters

/**
 * Writes all text to the terminal. It escapes every control character except line ends and our own colours. Text from
 * other people passes `foreign` first, so that it can neither end a line nor fill the screen.
 */
function write(stream: NodeJS.WriteStream, text: string): void {
  const encode = (part: string): string =>
    part === '\n' || (stream.isTTY && OWN_CONTROLS.test(part)) ? part : visible(part);
  stream.write(text.split(OWN_CONTROLS).map(encode).join(''));
}

/** Writes a line to standard error, beside the answer on standard output. */
export function note(text: string): void {
  write(process.stderr, `${text}\n`);
}

/** Writes a text that already ends with a line end. */
export const writeOut = (text: string): void => write(process.stdout, text);
export const writeError = (text: string): void => write(process.stderr, text);

/** Prints the result of a command: JSON for programs, a sentence for people. */
export function print(options: { json?: boolean }, text: string, data: object): void {
  if (options.json) process.stdout.write(`${visibleJson(JSON.stringify(data))}\n`);
  else writeOut(`${text}\n`);
}

/** Shows progress on one line of a terminal; does nothing without one. An empty text clears the line. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${visible(text)}`);
}

/**
 * Keeps the process alive until somebody ends it on purpose. Waiting for another process does not keep Node running.
 * Node could then exit with 0 in the middle of a failure.
 */
export function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}

/** Describes the failure in a sentence. An error whose text is not meant for people shows only its name. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  const { code, exitCode = 1 } = error as { code?: string; exitCode?: number };
  const text = error instanceof Error ? error.message : String(error);
  // Errors of Node contain the file name as the user gave it.
  const message = code !== undefined && text.startsWith(code) ? foreign(text) : text;
  if (code === INSUFFICIENT_PRIVILEGE) {
    // PostgreSQL's text names the object, and contains no text of users.
    const sentence = `The database user lacks a privilege: ${foreign(text)} (docs/deployment.md, "Separate roles").`;
    return { message: sentence, exitCode: EXIT_CODES['right-missing'] };
  }
  return { message: code && isSqlState(code) ? `The database rejected it: ${code}` : message, exitCode };
}

/** Prints the failure, and ends the process with its exit code. */
export function fail(error: unknown): never {
  const { message, exitCode } = describeFailure(error);
  progress('');
  note(message);
  process.exit(exitCode);
}
