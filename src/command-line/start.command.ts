import { startServer, type RunningServer, type StartOptions } from '../start';
import { fail, stayAlive } from './output';

/** Serves until a signal comes; then drains, stops everything and exits with 0. */
export async function startCommand(options: StartOptions): Promise<void> {
  stayAlive();
  let server: RunningServer | undefined;
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    // A signal during the start: what has begun by then is stopped as soon as it can be.
    void started
      .then(async (running) => {
        running.logger.event('info', 'stopping', { signal });
        await running.stop();
        running.logger.event('info', 'stopped');
        process.exit(0);
      })
      .catch((error: unknown) => fail(error));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));

  const started = startServer(process.env, options);
  try {
    server = await started;
  } catch (error) {
    return fail(error);
  }
  const { logger, url } = server;
  process.on('unhandledRejection', (reason) => logger.error('a rejection was not handled', reason));
  process.on('uncaughtException', (error) => {
    logger.fatal('an exception was not caught', error);
    stop('uncaughtException');
    process.exitCode = 1;
  });
  process.stdout.write(`XFChat serves at ${url}\n`);
}
