import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { call } from '../../support/api';
import { from } from './abuse-server';

export interface SignInAttack {
  readonly url: string;
  /** The number of concurrent clients, each of which signs in `rounds` times in sequence. */
  readonly clients: number;
  readonly rounds: number;
  /** Whether all clients share one address or each has its own. */
  readonly addresses: 'one' | 'many';
  /** The account to sign in to. Without it, each attempt names another account that does not exist. */
  readonly account?: { readonly login: string; readonly password: string };
}

/** The number of answers by status, and of rejections without a time to wait. */
export interface SignInAnswers {
  readonly statuses: Record<number, number>;
  readonly withoutRetryAfter: number;
}

/** Signs in as `SignInAttack` says, in a separate thread, so that the attacker does not delay the witnesses' clock. */
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
