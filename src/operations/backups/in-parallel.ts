/** Runs `work` on all items, several at a time. After a failure no other item is begun. */
export async function inParallel<T>(
  items: AsyncIterable<T>,
  workers: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let hasFailed = false;
  const run = async (): Promise<void> => {
    while (!hasFailed) {
      const next = await iterator.next();
      if (next.done) return;
      await work(next.value);
    }
  };
  const runs = Array.from({ length: workers }, () =>
    run().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  try {
    // All of them have ended before this does.
    for (const result of await Promise.allSettled(runs))
      if (result.status === 'rejected') throw result.reason;
  } finally {
    await iterator.return?.();
  }
}
