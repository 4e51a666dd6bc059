import { randomUUID } from 'node:crypto';
import { inTime } from '../../platform/database/in-time';
import { redisAddress } from '../../platform/redis/redis-address';
import { connectRedis, RedisTooOldError } from '../../platform/redis/redis-connection';
import { green, red, type Ground, type ItemResult } from './checklist';

const PATIENCE_MS = 5_000;

/** Checks that Redis can carry events between servers: it answers, is new enough, and lets them publish. */
export async function checkRedis({
  configuration: { REDIS_URL },
}: Pick<Ground, 'configuration'>): Promise<ItemResult> {
  if (REDIS_URL === undefined)
    return green('REDIS_URL is not set: servers notify each other through PostgreSQL');
  try {
    const opening = connectRedis(redisAddress(REDIS_URL), () => undefined);
    const connection = await inTime(PATIENCE_MS, opening);
    try {
      const channel = `xfchat:preflight:${randomUUID()}`;
      const begun = performance.now();
      await inTime(
        PATIENCE_MS,
        new Promise<void>((resolve, reject) => {
          const publish = (): Promise<unknown> => connection.publish(channel, 'hello');
          connection
            .subscribe([channel], () => resolve())
            .then(publish)
            .catch(reject);
        }),
      );
      const lag = (performance.now() - begun).toFixed(1);
      return green(
        `${connection.isCluster ? 'a Redis Cluster' : 'Redis'} delivers a published message in ${lag} ms`,
      );
    } finally {
      connection.destroy();
    }
  } catch (error) {
    if (error instanceof RedisTooOldError) return red(`${error.message}: upgrade it, or unset REDIS_URL`);
    const { code = (error as Error).name } = error as { code?: string };
    return red(
      `Redis cannot be used (${code}): is REDIS_URL correct, and may this machine and user reach it?`,
    );
  }
}
