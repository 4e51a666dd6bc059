import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { errorCode } from './embedded-postgres-error';
import { pollUntil } from './polling';

export interface DataDirectoryLock {
  /** Frees the directory. May be called more than once. */
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
 * Takes the directory for this process alone; makes it when it is missing. The lock belongs to the kernel,
 * so it is free again the moment its process ends, however that happened.
 *
 * It holds among processes that see the same network namespace: two containers sharing one volume do not
 * see each other's lock.
 * @param options.waitMs how long another holder is waited for, in milliseconds; 5000 when not given
 * @throws DataDirectoryInUseError when the directory is still taken after that time
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

/** The kernel lets a name be listened on only once. Neither kind of name leaves a file behind. */
export function lockName(path: string, platform: NodeJS.Platform = process.platform): string {
  const name = `xfchat-${createHash('sha256').update(path).digest('hex')}`;
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : `\0${name}`;
}

function lockByName(path: string): Promise<DataDirectoryLock | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  server.unref(); // a held lock is no reason for the process to stay
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      ['EADDRINUSE', 'EACCES'].includes(errorCode(error)) ? resolve(undefined) : reject(error),
    );
    // Without `exclusive`, a worker of node:cluster would listen through its parent and share the name.
    server.listen({ path: lockName(path), exclusive: true }, () => {
      server.on('error', () => undefined);
      resolve({ release: () => new Promise((released) => server.close(() => released())) });
    });
  });
}

// <fcntl.h> of macOS and the BSDs. Node does not export O_EXLOCK there, but hands all flags to the system.
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

/** The holder's process id, or nothing when it does not answer within half a second. */
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
