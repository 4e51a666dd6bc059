const intervalMilliseconds = 25;

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks every 25 ms until the answer is true. Resolves to false if the limit passes first. */
export async function pollUntil(
  condition: () => boolean | Promise<boolean>,
  limitMilliseconds: number,
): Promise<boolean> {
  const deadline = Date.now() + limitMilliseconds;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await pause(intervalMilliseconds);
  }
}
