import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PASSWORD, signUp } from '../support/people';
import { AbuseServer } from './support/abuse-server';
import type { SignInAnswers, SignInAttack } from './support/sign-in-attacker';
import { Witnesses } from './support/witnesses';

const CLIENTS = 200;
const ROUNDS = 3;

describe(`${CLIENTS} sign-ins at once`, () => {
  let server: AbuseServer;
  let witnesses: Witnesses;

  beforeEach(async () => {
    server = await AbuseServer.start();
    witnesses = await Witnesses.enter(server.url);
  }, 60_000);
  afterEach(async () => {
    witnesses.close();
    await server.close();
  });

  const attack = async (options: Pick<SignInAttack, 'addresses' | 'account'>): Promise<SignInAnswers> => {
    const workerData: SignInAttack = { url: server.url, clients: CLIENTS, rounds: ROUNDS, ...options };
    const attacker = new Worker(join(__dirname, 'support/sign-in-attacker.ts'), {
      workerData,
      execArgv: ['-r', '@swc-node/register'],
    });
    const [answers] = (await once(attacker, 'message')) as [SignInAnswers];
    await attacker.terminate();
    return answers;
  };

  const observe = async (title: string, options: Pick<SignInAttack, 'addresses' | 'account'>) => {
    await witnesses.during('before', undefined);
    const answers = await witnesses.during('under', attack(options));
    await witnesses.during('after', undefined);
    witnesses.report(`${title}: ${JSON.stringify(answers.statuses)}`);
    expect(answers.withoutRetryAfter).toBe(0);
    expect(answers.statuses[429]).toBeGreaterThan(0);
    return Object.keys(answers.statuses).map(Number);
  };

  it('are rejected with wrong passwords from one address, and others can still sign in', async () => {
    const statuses = await observe('wrong passwords from one address', { addresses: 'one' });
    expect(statuses).toEqual([401, 429]);
    expect(witnesses.refused).toEqual([]);
  }, 180_000);

  it('are rejected with wrong passwords from as many addresses, and delay nobody who is signed in', async () => {
    const statuses = await observe('wrong passwords from 200 addresses', { addresses: 'many' });
    expect(statuses).toEqual([401, 429]);
    // The server cannot tell an attacker from a stranger who signs in, so it defers everybody while the queue is full.
    expect(witnesses.refused.filter((one) => one !== 'under: signIn: 429')).toEqual([]);
  }, 180_000);

  it('succeed or are deferred with the right password, and delay nobody who is signed in', async () => {
    const { username } = await signUp(server.url);
    const account = { login: username, password: PASSWORD };
    const statuses = await observe('the right password from 200 addresses', { addresses: 'many', account });
    expect(statuses).toEqual([200, 429]);
    expect(witnesses.refused.filter((one) => one !== 'under: signIn: 429')).toEqual([]);
  }, 180_000);
});
