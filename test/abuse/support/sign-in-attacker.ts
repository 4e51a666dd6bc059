import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { call } from '../../support/api';
import { from } from './abuse-server';

export interface SignInAttack {
  readonly url: string;
  /** Clients that sign in at the same time, each `rounds` times, one after the other. */
  readonly clients: number;
  readonly rounds: number;
  /** One address for all clients, or one for each. */
  readonly addresses: 'one' | 'many';
  /** The account to sign in to; without it each attempt names another account that does not exist. */
  readonly account?: { readonly login: string; readonly password: string };
}

/** How many answers each status has, and how many refusals told no time to wait. */
export interface SignInAnswers {
  readonly statuses: Record<number, number>;
  readonly withoutRetryAfter: number;
}

/** Signs in as `SignInAttack` says, in a thread of its own: the witnesses' clock must not wait for the attacker. */
async function attack({ url, clients, rounds, addresses, account }: SignInAttack): Promise<SignInAnswers> {
  const statuses: Record<number, number> = {};
  let withoutRetryAfter = 0;
  const insist = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const { status, headers } = await call(url, 'POST', '/api/v1/auth/login', {
        body: account ?? { login: `nobody-${randomUUID().slice(0, 8)}`, password: 'not the password' },
        headers: from(`203.0.113.${addresses === 'one' ? 1 : index}`),
      });
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 429 && !(Number(headers.get('retry-after')) > 0)) withoutRetryAfter++;
    }
  };
  await Promise.all(Array.from({ length: clients }, insist));
  return { statuses, withoutRetryAfter };
}

void attack(workerData as SignInAttack).then((answers) => parentPort!.postMessage(answers));
