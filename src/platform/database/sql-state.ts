/** Whether the code is from PostgreSQL. Node's own codes can have five characters, too: EPERM, EPIPE, E2BIG. */
export function isSqlState(code: string): boolean {
  return /^(?!E)[0-9A-Z]{5}$/.test(code);
}
