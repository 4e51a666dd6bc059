import type { ServeOptions } from './serve';
import { startServer, type RunningServer } from './start';
import { fail, stayAlive, writeOut } from './operations/command-line/output';

/** Serves until a signal comes; then drains, stops everything and exits with 0. */
export async function startCommand(options: ServeOptions): Promise<void> {
  stayAlive();
  let server: RunningServer | undefined;
  const stopping = new AbortController();
  const stop = (signal: string): void => {
    if (stopping.signal.aborted) return;
    // A signal during the start: waiting for the database ends, what has begun is stopped as soon as it can be.
    stopping.abort();
    void started
      .then(async (running) => {
        running.logger.event('info', 'stopping', { signal });
        await running.stop();
        running.logger.event('info', 'stopped');
        process.exit(0);
      })
      .catch(end);
  };
  const end = (error: unknown): never =>
    stopping.signal.aborted && error === stopping.signal.reason ? process.exit(0) : fail(error);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));

  const started = startServer(process.env, { ...options, signal: stopping.signal });
  try {
    server = await started;
  } catch (error) {
    return end(error);
  }
  const { logger, url } = server;
  process.on('unhandledRejection', (reason) => logger.error('a rejection was not handled', reason));
  process.on('uncaughtException', (error) => {
    logger.fatal('an exception was not caught', error);
    stop('uncaughtException');
    process.exitCode = 1;
  });
  writeOut(`XFChat serves at ${url}\n`);
}
