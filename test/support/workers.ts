import { readdirSync, readFileSync } from 'node:fs';
import type { Person } from './people';
import type { ServerProcess } from './server-process';
import type { connectSocket, TestSocket } from './test-socket';

/** The process ids of the running workers of a server, by the number of the worker. */
export function workersOf({ pid }: Pick<ServerProcess, 'pid'>): Map<number, number> {
  const workers = new Map<number, number>();
  for (const child of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${child}/status`, 'utf8');
      if (!status.includes(`PPid:\t${pid}\n`) || status.includes('State:\tZ')) continue;
      const number = /(?:^|\0)XFCHAT_WORKER=(\d+)/.exec(readFileSync(`/proc/${child}/environ`, 'utf8'))?.[1];
      if (number !== undefined) workers.set(Number(number), Number(child));
    } catch {
      // It has ended in the meantime.
    }
  }
  return workers;
}

/** The number of the worker that has the session of a socket. */
export function workerOf({ socket }: TestSocket): number {
  return Number(/^w(\d+)-/.exec(sessionOf(socket))![1]);
}

function sessionOf({ io }: TestSocket['socket']): string {
  return (io.engine as unknown as { id: string }).id;
}

/** Connects until the socket is at the given worker. Workers get connections in turn, and others connect too. */
export async function connectTo(
  number: number,
  person: Person,
  options: Parameters<typeof connectSocket>[2] = {},
): Promise<TestSocket> {
  for (;;) {
    const socket = await person.connect(options);
    if (workerOf(socket) === number) return socket;
    socket.close();
  }
}
