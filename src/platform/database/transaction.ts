import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { currentContext } from '../request-context';
import { isConnectionLost, isRetryable } from './database-problem';
import type { QueryFailure } from './deadline-client';
import { announcerOf, type Announce } from '../events/announcer';
import { maintenanceOf } from './maintenance';
import { asWrite } from './write-scope';

/** Work that runs only after the transaction is committed. Its failure does not fail the caller. */
export type Effect = () => void | Promise<void>;
export type AfterCommit = (effect: Effect) => void;
export type { Announce } from '../events/announcer';

const MAX_ATTEMPTS = 4;
const logger = new Logger('Transaction');

/**
 * Runs `work` in one transaction; all writes go through this function. After the commit, the events that `work`
 * announced are published to every server in order. Then its effects run. This resolves after both. A deadlock or
 * serialization failure retries all of `work`, up to 3 times.
 *
 * Lock order inside: the pair of two people (`lockTwoPeople`), conversations by id, people, their rows, counters
 * (`lockAllowance`). A level may be skipped, but never locked after a later one.
 *
 * @param options.duringMaintenance allows the writes during maintenance, such as signing in
 * @throws Problem `maintenance`: nothing was done, or it was rolled back
 * @throws the error of `work`, after a rollback; database errors unchanged (see `databaseProblem`)
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager, announce: Announce, afterCommit: AfterCommit) => Promise<T>,
  options: { duringMaintenance?: boolean } = {},
): Promise<T> {
  const maintenance = options.duringMaintenance ? undefined : maintenanceOf(dataSource);
  maintenance?.refuseWrites();
  const announcer = announcerOf(dataSource);
  for (let attempt = 1; ; attempt++) {
    const events: object[] = [];
    const effects: Effect[] = [];
    try {
      const { outcome, logged } = await asWrite(() =>
        runOnce(dataSource, undefined, async (manager) => {
          const outcome = await work(
            manager,
            (event) => events.push(event),
            (effect) => effects.push(effect),
          );
          // Checked again: `work` may have waited for a lock since maintenance began.
          maintenance?.refuseWrites();
          return { outcome, logged: await announcer?.log(manager, events) };
        }),
      );
      await runEffects([async () => announcer?.announce(events, logged), ...effects]);
      return outcome;
    } catch (error) {
      if (!isRetryable(error) || attempt === MAX_ATTEMPTS) throw error;
      await jitter(attempt);
    }
  }
}

/** Runs reads on one snapshot, so that they agree with each other. `work` must not write. */
export async function inSnapshot<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return runOnce(dataSource, 'REPEATABLE READ', work);
}

/** Runs `work` in a transaction of its own and rolls it back. */
export async function takingBack<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  let failure: unknown = new Error();
  try {
    await runner.startTransaction();
    return await work(runner.manager);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await rollBack(runner, failure);
    await runner.release().catch(() => undefined);
  }
}

async function runOnce<T>(
  dataSource: DataSource,
  isolation: 'REPEATABLE READ' | undefined,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  try {
    await runner.startTransaction(isolation);
    const result = await work(runner.manager);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await rollBack(runner, error);
    throw error;
  } finally {
    await runner.release().catch(() => undefined);
  }
}

async function rollBack(runner: QueryRunner, cause: unknown): Promise<void> {
  if (!runner.isTransactionActive || isConnectionLost(cause)) return;
  try {
    await runner.rollbackTransaction();
  } catch (error) {
    // The release closes the connection, and the server then rolls back by itself.
    logger.warn(`rollback failed: ${(error as QueryFailure).code ?? 'no code'}`);
  }
}

async function runEffects(effects: Effect[]): Promise<void> {
  for (const effect of effects) {
    try {
      await effect();
    } catch (error) {
      logger.error(`an effect after commit failed (request ${currentContext()?.requestId ?? 'none'})`, error);
    }
  }
}

function jitter(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
}
