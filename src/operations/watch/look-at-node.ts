import { parseSamples, type Sample } from './prometheus-text';

/** The answer of a server to one observation, or the reason why there was none. */
export interface Look {
  readonly isReady: boolean;
  /** The indicators that are down, with reasons, or why there was no answer; empty if all is well. */
  readonly reason: string;
  /** Undefined when `/metrics` did not answer. */
  readonly samples: readonly Sample[] | undefined;
}

export interface NodeAddress {
  /** The address that it serves on, such as http://chat-1:3000. */
  readonly url: string;
  /** The address of its metrics; the same unless `METRICS_PORT` says otherwise. */
  readonly metricsUrl: string;
  readonly metricsToken: string | undefined;
  /** How long it may take to answer, milliseconds. */
  readonly timeoutMs: number;
}

interface Health {
  readonly error?: Readonly<Record<string, { readonly reason?: string }>>;
}

/** Never rejects: a server that does not answer is an observation too. */
export async function lookAtNode({ url, metricsUrl, metricsToken, timeoutMs }: NodeAddress): Promise<Look> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = metricsToken === undefined ? undefined : { authorization: `Bearer ${metricsToken}` };
  const [health, metrics] = await Promise.allSettled([
    ask(`${url}/health/ready`, { signal }),
    ask(`${metricsUrl}/metrics`, { signal, headers }),
  ]);
  if (health.status === 'rejected')
    return { isReady: false, reason: `no answer (${reasonOf(health.reason)})`, samples: undefined };
  const isReady = health.value.status === 200;
  const down = isReady ? '' : downIn(health.value.text);
  if (metrics.status === 'rejected' || metrics.value.status !== 200) {
    const why = metrics.status === 'rejected' ? reasonOf(metrics.reason) : String(metrics.value.status);
    return { isReady, reason: [down, `no metrics (${why})`].filter(Boolean).join('; '), samples: undefined };
  }
  return { isReady, reason: down, samples: parseSamples(metrics.value.text) };
}

async function ask(url: string, options: RequestInit): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, options);
  return { status: answer.status, text: await answer.text() };
}

function downIn(text: string): string {
  try {
    const { error = {} } = JSON.parse(text) as Health;
    const down = Object.entries(error).map(([name, { reason = 'down' }]) => `${name} ${reason}`);
    return `not ready (${down.join(', ')})`;
  } catch {
    return 'not ready (the answer is not from XFChat)';
  }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'timeout';
  return cause?.code ?? (cause as Error | undefined)?.message ?? name;
}
