import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { socketFolderFor } from './socket-folder';

/** PostgreSQL's term for one set of database files with the server that owns them. */
export interface Cluster {
  /** Real path of the folder that contains all others, except the socket folder of a long path. */
  directory: string;
  /** PostgreSQL's data directory. Either complete or absent. */
  dataFolder: string;
  /** Folder of the Unix socket; only the account of the server may enter it. */
  socketFolder: string;
  /** The output of the server before its own log starts; emptied at each start. */
  startLog: string;
  /** Shown in the titles of all server processes (`postgres: <name>: checkpointer`). */
  name: string;
}

export const superuser = 'xfchat';
export const port = 5432; // not a TCP port, only the end of the socket's file name

/** @param directory a real path */
export function clusterAt(directory: string): Cluster {
  const fingerprint = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  return {
    directory,
    dataFolder: join(directory, 'data'),
    socketFolder: socketFolderFor(directory, fingerprint),
    startLog: join(directory, 'start.log'),
    name: `xfchat-${fingerprint}`,
  };
}

export function socketFile(cluster: Cluster): string {
  return join(cluster.socketFolder, `.s.PGSQL.${port}`);
}

/** Names every option, so that PGPORT, PGSSLMODE and similar variables change nothing. */
export function connectionUrl(cluster: Cluster, database: string): string {
  const host = encodeURIComponent(cluster.socketFolder);
  return `postgres://${superuser}@localhost:${port}/${encodeURIComponent(database)}?host=${host}&sslmode=disable`;
}
