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

/** By then HTTP connections are closed that have become idle, or whose clients keep them open. */
const LINGER_MS = 500;

/**
 * Ends in the order that loses nothing: say that we are not ready, go on for the delay, refuse new work, tell the
 * sockets, end the streams, finish what is in flight, close the sockets, close the rest. Takes `longestDrainMs` at most.
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
  if (!isFinished) logger.event('warn', 'work was left unfinished', { inFlight: work.size });
  await within(SOCKETS_CLOSE_MS, connections.closeAll());

  const server = application.getHttpServer();
  server.closeIdleConnections();
  const closed = application.close();
  setTimeout(() => server.closeAllConnections(), LINGER_MS).unref();
  if (!(await within(CLOSE_MS, closed))) logger.event('warn', 'not everything could be closed in time');
}

/** True when it was done in time. */
async function within(boundMs: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), boundMs)));
  return Promise.race([done.then(() => true), bound]).finally(() => clearTimeout(timer));
}
