import { WORKER_NUMBER } from './platform/workers/this-worker';
import type { PrepareOptions } from './prepare-database';
import { start, type RunningInstance } from './start';
import { fail, stayAlive, writeOut } from './operations/command-line/output';

/** Serves until a signal arrives; then drains, stops everything and exits with 0. */
export async function startCommand(options: PrepareOptions): Promise<void> {
  if (process.env[WORKER_NUMBER] !== undefined && process.send)
    return (await import('./work.command.ts')).workCommand();
  stayAlive();
  let instance: RunningInstance | undefined;
  const stopping = new AbortController();
  const stop = (cause: string, exitCode = 0): void => {
    if (stopping.signal.aborted) return;
    // A signal during the start aborts the wait for the database, and stops what was started as soon as possible.
    stopping.abort();
    void started
      .then(async (running) => {
        running.logger.event('info', 'stopping', { signal: cause });
        await running.stop();
        running.logger.event('info', 'stopped');
        process.exit(exitCode);
      })
      .catch(end);
  };
  const end = (error: unknown): never =>
    stopping.signal.aborted && error === stopping.signal.reason ? process.exit(0) : fail(error);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));

  const started = start(process.env, { ...options, signal: stopping.signal });
  try {
    instance = await started;
  } catch (error) {
    return end(error);
  }
  const { logger, url, failed } = instance;
  process.on('unhandledRejection', (reason) =>
    logger.error('a promise was rejected and nothing handled it', reason),
  );
  process.on('uncaughtException', (error) => {
    logger.fatal('an exception was thrown and nothing caught it', error);
    stop('uncaughtException', 1);
  });
  failed?.catch((error: unknown) => {
    logger.fatal('the server cannot continue', error);
    stop('workers', 1);
  });
  writeOut(`XFChat serves at ${url}\n`);
}
