import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { remainingMs } from '../request-context';
import { DatabaseDownError, type DatabaseCircuit } from './circuit';
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

const nothing = (): void => undefined;

/**
 * A pool whose waiting ends with the request that waits, and as soon as the database is known to be down. TypeORM
 * makes it in place of its driver's own.
 */
export class DeadlinePool extends Pool {
  constructor(private readonly config: PoolConfig & { circuit?: DatabaseCircuit }) {
    super({ ...config, Client: DeadlineClient });
  }

  override connect = ((callback: ConnectCallback) => {
    const { circuit, connectionTimeoutMillis = 0 } = this.config;
    if (circuit?.isOpen) {
      process.nextTick(callback, new DatabaseDownError('the database is down'), undefined, nothing);
      return;
    }
    let isAnswered = false;
    let timer: NodeJS.Timeout | undefined;
    const answer: ConnectCallback = (error, client, done) => {
      // A connection that comes too late goes back.
      if (isAnswered) return client && done();
      isAnswered = true;
      clearTimeout(timer);
      unsubscribe?.();
      callback(error, client, done);
    };
    const refuse = (error: Error): void => answer(error, undefined, nothing);
    const left = remainingMs();
    const bound = left === undefined ? Infinity : Math.max(0, left - CLIENT_MARGIN_MS);
    if (bound < connectionTimeoutMillis) {
      const error = new AcquireTimeoutError('no database connection became free in time');
      timer = setTimeout(() => refuse(error), bound);
    }
    const unsubscribe = circuit?.onOpen(() => refuse(new DatabaseDownError('the database went down')));
    super.connect(answer);
  }) as Pool['connect'];
}
