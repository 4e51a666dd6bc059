import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { errorCode } from './embedded-postgres-error';
import { pollUntil } from './polling';

export interface DataDirectoryLock {
  /** Releases the directory. May be called more than once. */
  release(): Promise<void>;
}

export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';

  constructor(
    readonly directory: string,
    holder: string,
  ) {
    super(
      `The data directory ${directory} is in use by another XFChat server${holder ? ` (process ${holder})` : ''}. ` +
        'Stop that server first, or give this one a data directory of its own.',
    );
  }
}

/**
 * Locks the directory for this process, and creates it if missing. The lock belongs to the kernel, which releases
 * it the moment the process ends in any way.
 *
 * It works among processes in the same network namespace: two containers that share a volume do not see each
 * other's lock.
 * @param options.waitMs how long to wait for another holder, in milliseconds; 5000 by default
 * @throws DataDirectoryInUseError if another process still holds the directory after that time
 */
export async function lockDataDirectory(
  directory: string,
  { waitMs = 5000 }: { waitMs?: number } = {},
): Promise<DataDirectoryLock> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = realpathSync(directory);
  let lock: DataDirectoryLock | undefined;
  const take = process.platform === 'linux' || process.platform === 'win32' ? lockByName : lockByFile;
  await pollUntil(async () => (lock = await take(path)) !== undefined, waitMs);
  if (lock) return lock;
  throw new DataDirectoryInUseError(directory, await askHolder(path));
}

/** The kernel allows only one listener on a name. Neither kind of name leaves a file behind. */
export function lockName(path: string, platform: NodeJS.Platform = process.platform): string {
  const name = `xfchat-${createHash('sha256').update(path).digest('hex')}`;
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : `\0${name}`;
}

function lockByName(path: string): Promise<DataDirectoryLock | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  server.unref(); // a held lock must not keep the process alive
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      ['EADDRINUSE', 'EACCES'].includes(errorCode(error)) ? resolve(undefined) : reject(error),
    );
    // Without `exclusive`, a worker of node:cluster would listen through its parent, and both would share the name.
    server.listen({ path: lockName(path), exclusive: true }, () => {
      server.on('error', () => undefined);
      resolve({ release: () => new Promise((released) => server.close(() => released())) });
    });
  });
}

// <fcntl.h> of macOS and the BSDs. Node does not export O_EXLOCK there, but passes all flags to the system.
const exclusiveLockFlag = 0x20;

async function lockByFile(path: string): Promise<DataDirectoryLock | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | exclusiveLockFlag;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(join(path, '.lock'), flags, 0o600);
  } catch (error) {
    if (['EAGAIN', 'EWOULDBLOCK'].includes(errorCode(error))) return undefined;
    throw error;
  }
  return {
    release: async () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** The holder's process id; empty if it does not answer within half a second. */
function askHolder(path: string): Promise<string> {
  if (process.platform !== 'linux' && process.platform !== 'win32') return Promise.resolve('');
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ path: lockName(path) });
    const finish = () => {
      socket.destroy();
      resolve(/^\d+$/.test(answer) ? answer : '');
    };
    socket.setTimeout(500, finish);
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', finish);
    socket.on('end', finish);
  });
}
