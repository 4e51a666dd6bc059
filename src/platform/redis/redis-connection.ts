import { createHash } from 'node:crypto';
import { createClient, createCluster, ErrorReply } from '@redis/client';
import type { RedisAddress } from './redis-address';

/** The first version with sharded channels. */
export const OLDEST_REDIS = 7;
const CONNECT_TIMEOUT_MS = 1_000;
/** The most channels in one command, without a cluster. */
const CHANNELS_AT_ONCE = 500;

/** A script that reads and writes keys of one slot: all of its keys have the same hash tag. */
export interface RedisScript {
  readonly sha: string;
  readonly text: string;
}
export const redisScript = (text: string): RedisScript => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

export class RedisTooOldError extends Error {}

export type OnMessage = (text: string, channel: string) => void;

/**
 * Connections to one Redis or Redis Cluster, for publishing and for subscriptions. A failed connection is discarded as
 * a whole: nothing here reconnects or subscribes again. Its owner makes a new one and subscribes again.
 */
export interface RedisConnection {
  readonly isCluster: boolean;
  publish(channel: string, text: string): Promise<unknown>;
  subscribe(channels: readonly string[], listener: OnMessage): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** @param key has the hash tag of all keys of the command */
  command(key: string, ...words: string[]): Promise<unknown>;
  destroy(): void;
}

/**
 * @param onLost is called when a connection has ended by itself
 * @throws RedisTooOldError, or the error of the connection
 */
export async function connectRedis(address: RedisAddress, onLost: () => void): Promise<RedisConnection> {
  if (address.nodes.length > 1) return connectCluster(address, onLost);
  const commands = newClient(address, onLost);
  try {
    await commands.connect();
    const isCluster = verify(await commands.sendCommand<string>(['INFO']));
    if (!isCluster) return await withSubscriber(commands, newClient(address, onLost));
  } catch (error) {
    destroy(commands);
    throw error;
  }
  destroy(commands);
  return connectCluster(address, onLost);
}

const commonOptions = ({ username, password }: RedisAddress) => ({
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
  name: 'xfchat',
  disableOfflineQueue: true,
  // A timer for each command would cost more than the command. The beats of `RedisLink` detect a silent connection.
  commandOptions: { timeout: undefined as never },
});
const socketOptions = ({ isEncrypted }: RedisAddress) => ({
  connectTimeout: CONNECT_TIMEOUT_MS,
  ...(isEncrypted && { tls: true as const }),
});

function newClient(address: RedisAddress, onLost: () => void) {
  const client = createClient({
    ...commonOptions(address),
    database: address.database,
    socket: { ...socketOptions(address), ...address.nodes[0], reconnectStrategy: false },
  });
  client.on('error', onLost);
  return client;
}
type Client = ReturnType<typeof newClient>;

async function withSubscriber(commands: Client, subscriber: Client): Promise<RedisConnection> {
  try {
    await subscriber.connect();
  } catch (error) {
    destroy(subscriber);
    throw error;
  }
  return {
    isCluster: false,
    publish: (channel, text) => commands.sPublish(channel, text),
    subscribe: async (channels, listener) => {
      for (let from = 0; from < channels.length; from += CHANNELS_AT_ONCE)
        await subscriber.sSubscribe(channels.slice(from, from + CHANNELS_AT_ONCE), listener);
    },
    unsubscribe: (channels) => subscriber.sUnsubscribe([...channels]),
    command: (_key, ...words) => commands.sendCommand(words),
    destroy: () => {
      destroy(commands);
      destroy(subscriber);
    },
  };
}

async function connectCluster(address: RedisAddress, onLost: () => void): Promise<RedisConnection> {
  const [common, socket] = [commonOptions(address), socketOptions(address)];
  const cluster = createCluster({
    rootNodes: address.nodes.map((node) => ({ ...common, socket: { ...socket, ...node } })),
    defaults: { ...common, socket },
  });
  cluster.on('error', onLost);
  try {
    await cluster.connect();
    verify(await cluster.sendCommand<string>(undefined, true, ['INFO']));
  } catch (error) {
    destroy(cluster);
    throw error;
  }
  return {
    isCluster: true,
    publish: (channel, text) => cluster.sPublish(channel, text),
    // Each channel has its slot, and one command may only name one slot.
    subscribe: async (channels, listener) => {
      await Promise.all(channels.map((channel) => cluster.sSubscribe(channel, listener)));
    },
    unsubscribe: async (channels) => {
      await Promise.all(channels.map((channel) => cluster.sUnsubscribe(channel)));
    },
    command: (key, ...words) => cluster.sendCommand(key, false, words),
    destroy: () => destroy(cluster),
  };
}

/** Runs a script by its digest, and sends the text when Redis does not have the script. */
export async function runScript(
  connection: RedisConnection,
  { sha, text }: RedisScript,
  keys: readonly string[],
  values: readonly string[],
): Promise<unknown> {
  const words = [String(keys.length), ...keys, ...values];
  try {
    return await connection.command(keys[0]!, 'EVALSHA', sha, ...words);
  } catch (error) {
    if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
    return connection.command(keys[0]!, 'EVAL', text, ...words);
  }
}

/**
 * @param info the answer to `INFO`
 * @returns whether the node is part of a cluster
 * @throws RedisTooOldError
 */
export function verify(info: string): boolean {
  const version = /^redis_version:(\d+)\S*/m.exec(info);
  if (Number(version?.[1]) < OLDEST_REDIS)
    throw new RedisTooOldError(`Redis ${version![0].split(':')[1]} is too old: version 7 is needed`);
  return /^cluster_enabled:1/m.test(info);
}

/** Discards the client in any state. */
function destroy(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {
    // It was closed before.
  }
}
