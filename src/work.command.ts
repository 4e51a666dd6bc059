import { loadConfiguration } from './platform/configuration/load-configuration';
import { verifyDatabase } from './platform/database/verify-database';
import { verifySchema } from './platform/database/verify-schema';
import { StructuredLogger } from './platform/logging/structured-logger';
import { listenForPeers } from './platform/workers/peer-listener';
import { ThisWorker } from './platform/workers/this-worker';
import { describeFailure } from './operations/command-line/output';
import { SCHEMA } from './schema';
import { serve } from './serve';

/**
 * Runs a worker: it serves on the port of its primary until the primary tells it to stop. Node ends it when the primary
 * is gone. Only the primary handles signals that reach the whole process group (Ctrl-C, systemd).
 */
export async function workCommand(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  let drain: (() => Promise<void>) | undefined;
  let isStopping = false;
  const stop = (exitCode: number): void => {
    if (isStopping) return;
    isStopping = true;
    if (!drain) process.exit(exitCode); // no client is connected yet
    void drain().finally(() => process.exit(exitCode));
  };
  const worker = new ThisWorker(process, process.env, () => stop(0));
  try {
    const configuration = loadConfiguration(process.env);
    configuration.DATABASE_POOL_MAX = configuration.poolShareOf(worker.number);
    const logger = new StructuredLogger({
      level: configuration.LOG_LEVEL,
      readable: !configuration.isProduction,
      worker: worker.number,
    });
    // The primary has verified the database and reported faults. But a replacement worker may start during an outage.
    await verifyDatabase(configuration.DATABASE_URL!, configuration, () => undefined);
    await verifySchema(configuration.DATABASE_URL!, configuration, SCHEMA);
    const serving = await serve(configuration, logger, worker);
    drain = serving.drain;
    process.on('unhandledRejection', (reason) =>
      logger.error('a promise was rejected and nothing handled it', reason),
    );
    process.on('uncaughtException', (error) => {
      logger.fatal('an exception was thrown and nothing caught it', error);
      stop(1);
    });
    const peerPort = await listenForPeers(serving.application.getHttpServer(), worker.key);
    worker.announceServing({ url: serving.url, peerPort });
  } catch (error) {
    await worker.announceFailure(describeFailure(error));
    process.exit(1);
  }
}
