import type { Configuration } from './platform/configuration/configuration';
import { longestDrainMs } from './platform/lifecycle/longest-drain';
import { secretsFromFiles } from './platform/configuration/load-configuration';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { listenForMetrics, MetricsPort } from './platform/metrics/metrics-port';
import { Workers } from './platform/workers/workers';

/**
 * Starts workers on a prepared database; they serve on one port (docs/adr/0036-workers.md). This process is their
 * primary.
 * @throws WorkerStartError, or an Error that names the port that is not available
 */
export async function serveByWorkers(
  configuration: Configuration,
  logger: StructuredLogger,
  signal?: AbortSignal,
): Promise<{ url: string; stop: () => Promise<void>; failed: Promise<never> }> {
  const { workerCount: count, DATABASE_URL, DATABASE_POOLER } = configuration;
  const workers = new Workers({
    count,
    environment: {
      // Secrets that change on disk take effect at the next start: until then all workers have to sign with the same
      // ones.
      ...secretsFromFiles(configuration),
      WORKERS: String(count),
      DATABASE_URL: DATABASE_URL!,
      DATABASE_URL_FILE: '',
      DATABASE_POOLER: DATABASE_POOLER ?? 'none',
    },
    longestDrainMs: longestDrainMs(configuration),
    logger,
  });
  const metricsPort = new MetricsPort(configuration, { page: () => workers.metricsPage() });
  await listenForMetrics(metricsPort, configuration);
  const close = (): void => metricsPort.onApplicationShutdown();
  try {
    const { url } = await workers.start(signal);
    return { url, failed: workers.failed, stop: () => workers.stop().finally(close) };
  } catch (error) {
    close();
    throw error;
  }
}
