import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Limits } from '../watch/criteria';
import { lookAtNode, type NodeAddress } from '../watch/look-at-node';
import { watch, type World, type WatchReport } from '../watch/watch';
import { VERDICTS } from './exit-codes';
import { fail, note, print } from './output';
import { watchText } from './watch-text';

interface Options {
  json?: boolean;
  /** All times are milliseconds. */
  duration: number;
  interval: number;
  lasting: number;
  metricsPort?: string;
  rollbackAt?: Limits;
}

/** How long a server may take to answer an observation. */
const MAX_ANSWER_MS = 5_000;

/** Exits with 32 as soon as a rollback criterion is met, and with 33 if targets were missed at the end. */
export async function watchCommand(urls: string[], options: Options): Promise<void> {
  try {
    const addresses = new Map(urls.map((url) => [url, addressOf(url, options)]));
    const report = await untilSignal((signal) =>
      watch(
        {
          nodes: urls,
          durationMs: options.duration,
          intervalMs: options.interval,
          stretchMs: Math.min(options.lasting, options.duration),
          limits: options.rollbackAt,
        },
        worldOf((node) => lookAtNode(addresses.get(node)!), signal),
      ),
    );
    print(options, watchText(report), report);
    process.exitCode = codeOf(report);
  } catch (error) {
    fail(error);
  }
}

/** Takes the secret from the environment, which other users of the machine cannot read. */
function addressOf(url: string, { interval, metricsPort }: Options): NodeAddress {
  const metrics = new URL(url);
  if (metricsPort !== undefined) metrics.port = metricsPort;
  const plain = (address: URL): string => address.toString().replace(/\/$/, '');
  return {
    url: plain(new URL(url)),
    metricsUrl: plain(metrics),
    metricsToken: metricsToken(process.env),
    timeoutMs: Math.min(MAX_ANSWER_MS, Math.max(interval, 1_000)),
  };
}

function metricsToken({ METRICS_TOKEN, METRICS_TOKEN_FILE }: NodeJS.ProcessEnv): string | undefined {
  if (METRICS_TOKEN || !METRICS_TOKEN_FILE) return METRICS_TOKEN || undefined;
  return readFileSync(METRICS_TOKEN_FILE, 'utf8').trim();
}

function worldOf(look: World['look'], signal: AbortSignal): World {
  return {
    look,
    now: () => performance.now(),
    pause: (milliseconds) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
    isCancelled: () => signal.aborted,
    tell: (line) => note(`${new Date().toISOString()} ${line}`),
  };
}

/** Ctrl-C ends the observation early; the report still follows. */
async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, abort);
  }
}

function codeOf({ ok, complete, rollback, targets }: WatchReport): number {
  if (rollback.length > 0) return VERDICTS.rollBack;
  if (ok) return 0;
  return targets.some(({ met }) => met === false) || complete ? VERDICTS.targetsMissed : 1;
}
