import { isSqlState } from '../../platform/database/sql-state';
import { EXIT_CODES } from '../../platform/database/unusable-database';
import { foreign, visible, visibleJson } from '../../platform/logging/foreign-text';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Control characters that this program writes itself: line ends and terminal colours. */
const OWN_CONTROLS = /(\n|\u001b\[\d{1,3}m)/; // eslint-disable-line no-control-regex -- it finds control characters

/**
 * The one way of a text to a terminal. Nothing in it steers the terminal but ends of lines and our colours. A text that
 * may hold other people's words passes `foreign` before: then they cannot end a line, or fill the screen, either.
 */
function write(stream: NodeJS.WriteStream, text: string): void {
  const encode = (part: string): string =>
    part === '\n' || (stream.isTTY && OWN_CONTROLS.test(part)) ? part : visible(part);
  stream.write(text.split(OWN_CONTROLS).map(encode).join(''));
}

/** Says something beside the answer: on standard error, a line. */
export function note(text: string): void {
  write(process.stderr, `${text}\n`);
}

/** For texts that end their lines themselves. */
export const writeOut = (text: string): void => write(process.stdout, text);
export const writeError = (text: string): void => write(process.stderr, text);

/** Prints what a command has to say: JSON for programs, a sentence for people. */
export function print(options: { json?: boolean }, text: string, data: object): void {
  if (options.json) process.stdout.write(`${visibleJson(JSON.stringify(data))}\n`);
  else writeOut(`${text}\n`);
}

/** Shows progress on one line of a terminal, and writes nothing elsewhere. An empty text clears the line. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${visible(text)}`);
}

/**
 * Keeps the process alive until it is ended on purpose. A stop that waits for another process does not hold this one.
 * Node could find nothing left to do, and exit with 0 in the middle of a failure.
 */
export function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}

/** A sentence on what went wrong; errors whose text was not written for people show their name. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  const { code, exitCode = 1 } = error as { code?: string; exitCode?: number };
  const text = error instanceof Error ? error.message : String(error);
  // Errors of Node name the file as it was given.
  const message = code !== undefined && text.startsWith(code) ? foreign(text) : text;
  if (code === INSUFFICIENT_PRIVILEGE) {
    // The text of PostgreSQL names the object, and nothing that people wrote.
    const sentence = `The user of the database lacks a right: ${foreign(text)} (docs/deployment.md, "Separate roles").`;
    return { message: sentence, exitCode: EXIT_CODES['right-missing'] };
  }
  return { message: code && isSqlState(code) ? `The database refused: ${code}` : message, exitCode };
}

/** Ends the process with a sentence on what went wrong. */
export function fail(error: unknown): never {
  const { message, exitCode } = describeFailure(error);
  progress('');
  note(message);
  process.exit(exitCode);
}
