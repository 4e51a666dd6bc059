import { call, gather, signUp, type Crowd } from './people';
import { usageOf } from './process-usage';
import { RawSocket } from './raw-socket';
import type { Server } from './servers';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const AT_ONCE = 50;

/** Resident memory of one idle socket in one room, in KiB. */
interface IdleSockets {
  /** Right after the last socket connected; garbage of the handshakes is included. */
  readonly atOnce: number;
  /** After V8 had time to collect that garbage, which it does after half a minute of idleness. */
  readonly later: number;
}

export async function measureIdleSockets(server: Server, crowd: Crowd, count: number): Promise<IdleSockets> {
  await sleep(2_000);
  const before = usageOf(server.pid).residentBytes;
  const sockets: RawSocket[] = [];
  while (sockets.length < count) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, (_, index) => {
      const { token } = crowd.people[(sockets.length + index) % crowd.people.length]!;
      return RawSocket.open(server.url, { token }, () => undefined);
    });
    sockets.push(...(await Promise.all(group)));
  }
  const ofEach = (): number => (usageOf(server.pid).residentBytes - before) / count / 1_024;
  await sleep(8_000);
  const atOnce = ofEach();
  await sleep(40_000);
  const later = ofEach();
  for (const socket of sockets) socket.close();
  return { atOnce, later };
}

export const gatherIdle = (server: Server): Promise<Crowd> => gather(server, 10, 10);

const SIGN_INS = 40;
const SIGN_INS_AT_ONCE = 4;

/** Measures sign-ins per second, four at a time. The password hash takes almost all of the time. */
export async function measureSignIns(server: Server, repeats: number): Promise<Record<string, number[]>> {
  const { username, password } = await signUp(server);
  const signIn = (): Promise<unknown> =>
    call(server, 'POST', '/auth/login', undefined, { login: username, password });
  const found: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now();
    for (let done = 0; done < SIGN_INS; done += SIGN_INS_AT_ONCE)
      await Promise.all(Array.from({ length: SIGN_INS_AT_ONCE }, signIn));
    found.push((SIGN_INS / (performance.now() - started)) * 1_000);
  }
  return { 'sign-ins/s': found };
}
