import type { Configuration } from '../configuration/configuration';

/** In-flight work ends by itself within the request deadline. */
export const WORK_MARGIN_MS = 2_000;
/** The time for the last events to reach polling clients. */
export const SOCKETS_CLOSE_MS = 2_000;
/** The time for all later steps. A database or client that does not answer cannot delay the exit further. */
export const CLOSE_MS = 3_000;

/** The longest drain, in milliseconds; the process that stops the server must wait at least as long. */
export function longestDrainMs(
  configuration: Pick<Configuration, 'DRAIN_DELAY_MS' | 'REQUEST_TIMEOUT_MS'>,
): number {
  const { DRAIN_DELAY_MS, REQUEST_TIMEOUT_MS } = configuration;
  return DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS + WORK_MARGIN_MS + SOCKETS_CLOSE_MS + CLOSE_MS;
}
