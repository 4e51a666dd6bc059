import type { NestExpressApplication } from '@nestjs/platform-express';
import { Subscriptions } from './delivery/braid/subscriptions';
import { SocketsGateway } from './delivery/sockets/sockets.gateway';
import type { Configuration } from './platform/configuration/configuration';
import {
  CLOSE_MS,
  SOCKETS_CLOSE_MS,
  longestDrainMs,
  WORK_MARGIN_MS,
} from './platform/lifecycle/longest-drain';
import { WorkInFlight } from './platform/lifecycle/work-in-flight';
import type { StructuredLogger } from './platform/logging/structured-logger';

/** Time to close HTTP connections that became idle, or that their clients keep open. */
const LINGER_MS = 500;

/**
 * Stops in an order that loses nothing. The server reports not ready and continues for the delay. Then it rejects new
 * work, notifies the sockets, ends the streams and finishes work in flight. Last it closes the sockets and the rest.
 * Takes at most `longestDrainMs`.
 */
export async function drainAndClose(
  application: NestExpressApplication,
  configuration: Configuration,
  logger: StructuredLogger,
): Promise<void> {
  const work = application.get(WorkInFlight);
  const connections = application.get(SocketsGateway);
  work.startDraining();
  const delayMs = configuration.DRAIN_DELAY_MS;
  logger.event('info', 'draining', {
    inFlight: work.size,
    delayMs,
    longestMs: longestDrainMs(configuration),
  });
  await new Promise((resolve) => setTimeout(resolve, delayMs));

  work.close();
  connections.announceDraining();
  application.get(Subscriptions).drain();
  const isFinished = await work.idle(configuration.REQUEST_TIMEOUT_MS + WORK_MARGIN_MS);
  if (!isFinished) logger.event('warn', 'some work was not finished', { inFlight: work.size });
  await within(SOCKETS_CLOSE_MS, connections.closeAll());

  const server = application.getHttpServer();
  server.closeIdleConnections();
  const closed = application.close();
  setTimeout(() => server.closeAllConnections(), LINGER_MS).unref();
  if (!(await within(CLOSE_MS, closed))) logger.event('warn', 'some parts did not close in time');
}

/** @returns whether `done` resolved in time */
async function within(boundMs: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), boundMs)));
  return Promise.race([done.then(() => true), bound]).finally(() => clearTimeout(timer));
}
