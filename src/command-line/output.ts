/** Prints what a command has to say: JSON for programs, a sentence for people. */
export function print(options: { json?: boolean }, text: string, data: object): void {
  process.stdout.write(`${options.json ? JSON.stringify(data) : text}\n`);
}

/** Ends the process with a sentence on what went wrong; errors whose text was not written for people show their name. */
export function fail(error: unknown): never {
  const code = (error as { code?: string }).code;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${code && /^[0-9A-Z]{5}$/.test(code) ? `The database refused: ${code}` : message}\n`);
  process.exit(1);
}
