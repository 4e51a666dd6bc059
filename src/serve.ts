import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application';
import { drainAndClose } from './drain';
import type { Configuration } from './platform/configuration/configuration';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { listenForMetrics, MetricsPort } from './platform/metrics/metrics-port';
import { taking } from './platform/taking-port';
import type { ThisWorker } from './platform/workers/this-worker';

/**
 * Connections that the system accepts before the process has taken them; the system may have a lower limit
 * (`net.core.somaxconn`). After a restart all clients come at once, and the system of a client that finds no place tries
 * again after 1, 3, 7, 15 and 31 s.
 */
const BACKLOG = 4_096;

export interface Serving {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly drain: () => Promise<void>;
}

/**
 * From a prepared database to a server that serves on its ports.
 * @param worker undefined where the process has no workers beside it
 * @throws an Error that says which port cannot be had
 */
export async function serve(
  configuration: Configuration,
  logger: StructuredLogger,
  worker?: ThisWorker,
): Promise<Serving> {
  const application = await createApplication(configuration, logger, worker);
  try {
    // With workers, the primary has the port of the metrics.
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
  // Nest passes this on to Node's `server.listen`, and its declaration does not know the options.
  const options = { port: PORT, host: listenAddress, backlog: BACKLOG } as unknown as number;
  await taking('PORT', PORT, () => application.listen(options));
}

function addressOf(port: number, configuration: Configuration): string {
  const host =
    configuration.HOST && !['0.0.0.0', '::'].includes(configuration.HOST) ? configuration.HOST : 'localhost';
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
