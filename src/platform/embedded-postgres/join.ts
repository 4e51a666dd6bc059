import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterAt, connectionUrl } from './cluster';

/** The line of `postmaster.pid` that names the folder of the socket. */
const SOCKET_LINE = 4;

/**
 * Address of a database of the server that another process runs on the directory. That process also stops it.
 * @param directory a real path
 * @returns undefined if no server is running there, or if this account may not reach it
 */
export function joinEmbeddedPostgres(directory: string, database: string): string | undefined {
  const cluster = clusterAt(directory);
  try {
    const pidFile = readFileSync(join(cluster.dataFolder, 'postmaster.pid'), 'utf8');
    const socketFolder = pidFile.split('\n')[SOCKET_LINE]?.trim();
    return socketFolder ? connectionUrl({ ...cluster, socketFolder }, database) : undefined;
  } catch {
    return undefined;
  }
}
