import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application';
import { drainAndClose } from './drain';
import type { Configuration } from './platform/configuration/configuration';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { listenForMetrics, MetricsPort } from './platform/metrics/metrics-port';
import { taking } from './platform/taking-port';
import type { ThisWorker } from './platform/workers/this-worker';

/**
 * Connections that the system accepts before the process takes them; `net.core.somaxconn` may lower it. After a restart
 * all clients connect at once. A client's system that finds the queue full retries after 1, 3, 7, 15 and 31 s.
 */
const BACKLOG = 4_096;

export interface Serving {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly drain: () => Promise<void>;
}

/**
 * Starts a server on a prepared database and listens on its ports.
 * @param worker undefined when the process has no workers beside it
 * @throws an Error that names the port that is not available
 */
export async function serve(
  configuration: Configuration,
  logger: StructuredLogger,
  worker?: ThisWorker,
): Promise<Serving> {
  const application = await createApplication(configuration, logger, worker);
  try {
    // With workers, the primary listens on the port of the metrics.
    if (!worker) await listenForMetrics(application.get(MetricsPort), configuration);
    await listen(application, configuration);
  } catch (error) {
    await application.close();
    throw error;
  }
  const { port } = application.getHttpServer().address() as { port: number };
  return {
    url: addressOf(port, configuration),
    application,
    drain: () => drainAndClose(application, configuration, logger),
  };
}

async function listen(application: NestExpressApplication, configuration: Configuration): Promise<void> {
  const { PORT, listenAddress } = configuration;
  // Nest passes this to Node's `server.listen`, but its declaration lacks the options.
  const options = { port: PORT, host: listenAddress, backlog: BACKLOG } as unknown as number;
  await taking('PORT', PORT, () => application.listen(options));
}

function addressOf(port: number, configuration: Configuration): string {
  const host =
    configuration.HOST && !['0.0.0.0', '::'].includes(configuration.HOST) ? configuration.HOST : 'localhost';
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
