import type { Configuration } from '../configuration/configuration';

/** In-flight work ends by itself within the request deadline. */
export const WORK_MARGIN_MS = 2_000;
/** For the last events to reach the clients that poll. */
export const SOCKETS_CLOSE_MS = 2_000;
/** For the rest. Neither a database nor a client that does not answer keeps the process. */
export const CLOSE_MS = 3_000;

/** The longest drain, in milliseconds; the process that stops the server must wait at least as long. */
export function longestDrainMs(
  configuration: Pick<Configuration, 'DRAIN_DELAY_MS' | 'REQUEST_TIMEOUT_MS'>,
): number {
  const { DRAIN_DELAY_MS, REQUEST_TIMEOUT_MS } = configuration;
  return DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS + WORK_MARGIN_MS + SOCKETS_CLOSE_MS + CLOSE_MS;
}
