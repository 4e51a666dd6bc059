import type { NestExpressApplication } from '@nestjs/platform-express';
import { Subscriptions } from './braid/subscriptions';
import { ConnectionsGateway } from './connections/connections.gateway';
import type { Configuration } from './platform/configuration/configuration';
import { WorkInFlight } from './platform/lifecycle/work-in-flight';
import type { StructuredLogger } from './platform/logging/structured-logger';

/** In-flight work ends by itself within the request deadline. */
const WORK_MARGIN_MS = 2_000;
/** For the last words to reach those who poll. */
const FAREWELL_MS = 2_000;
/** After it, HTTP connections are closed that became idle meanwhile, or whose clients keep them open. */
const LINGER_MS = 500;
/** For the rest. Neither a database nor a client that does not answer keeps the process. */
const CLOSE_MS = 3_000;

/** What a drain takes at most, in milliseconds: whoever stops the server must not lose patience before. */
export function longestDrainMs(
  configuration: Pick<Configuration, 'DRAIN_DELAY_MS' | 'REQUEST_TIMEOUT_MS'>,
): number {
  const { DRAIN_DELAY_MS, REQUEST_TIMEOUT_MS } = configuration;
  return DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS + WORK_MARGIN_MS + FAREWELL_MS + CLOSE_MS;
}

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
  const connections = application.get(ConnectionsGateway);
  work.startDraining();
  const delayMs = configuration.DRAIN_DELAY_MS;
  logger.event('info', 'draining', { inFlight: work.size, delayMs, longestMs: longestDrainMs(configuration) });
  await new Promise((resolve) => setTimeout(resolve, delayMs));

  work.close();
  connections.announceDraining();
  application.get(Subscriptions).drain();
  const isFinished = await work.idle(configuration.REQUEST_TIMEOUT_MS + WORK_MARGIN_MS);
  if (!isFinished) logger.event('warn', 'work was left unfinished', { inFlight: work.size });
  await within(FAREWELL_MS, connections.closeAll());

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
