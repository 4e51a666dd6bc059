/** Returns `before` if both have the same entries, so that readers can compare lists by identity. */
export function stable<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  const isSame = before.length === now.length && before.every((entry, index) => entry === now[index]);
  return isSame ? before : now;
}
