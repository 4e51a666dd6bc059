import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { remainingMs } from '../request-context';
import { CLIENT_MARGIN_MS, DeadlineClient } from './deadline-client';

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** No connection became free in time. */
export class AcquireTimeoutError extends Error {
  override name = 'AcquireTimeoutError';
}

/** A pool whose waiting ends with the request that waits; TypeORM makes it in place of its driver's own. */
export class DeadlinePool extends Pool {
  constructor(private readonly config: PoolConfig) {
    super({ ...config, Client: DeadlineClient });
  }

  override connect = ((callback: ConnectCallback) => {
    const left = remainingMs();
    const bound = left === undefined ? Infinity : Math.max(0, left - CLIENT_MARGIN_MS);
    if (bound >= (this.config.connectionTimeoutMillis ?? 0)) {
      super.connect(callback);
      return;
    }
    let given = false;
    const timer = setTimeout(() => {
      given = true;
      callback(
        new AcquireTimeoutError('no database connection became free in time'),
        undefined,
        () => undefined,
      );
    }, bound);
    super.connect((error, client, done) => {
      if (given) return done();
      given = true;
      clearTimeout(timer);
      callback(error, client, done);
    });
  }) as Pool['connect'];
}
