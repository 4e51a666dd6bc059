/** `before` when both have the same entries: a reader can compare lists by identity to see whether anything changed. */
export function stable<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  const isSame = before.length === now.length && before.every((entry, index) => entry === now[index]);
  return isSame ? before : now;
}
