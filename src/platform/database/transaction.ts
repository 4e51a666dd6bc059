import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { currentContext } from '../request-context';
import { isConnectionLost, isRetryable } from './database-problem';
import type { QueryFailure } from './deadline-client';
import { announcerOf, type Announce } from '../events/announcer';
import { maintenanceOf } from './maintenance';
import { asWrite } from './write-scope';

/** Something to be done once the transaction is committed, and never otherwise. It cannot fail the caller. */
export type Effect = () => void | Promise<void>;
export type AfterCommit = (effect: Effect) => void;
export type { Announce } from '../events/announcer';

const MAX_ATTEMPTS = 4;
const logger = new Logger('Transaction');

/**
 * Everything that writes goes through this function. Runs `work` in one transaction. The events that it announces are told
 * to every server after the commit, in order; then the effects that it registers run. Both come before this resolves. A
 * deadlock or serialization failure runs the whole of `work` again, up to 3 times.
 *
 * Lock order inside: the pair of two people (`lockTwoPeople`), conversations by id, people, what belongs to these, what is
 * counted (`lockAllowance`). A level may be left out; none is taken after a later one.
 *
 * @param options.duringMaintenance also while nobody may write: for signing in
 * @throws Problem `maintenance`: nothing was done, or it was rolled back
 * @throws whatever `work` throws, after a rollback; database errors as they are, see `databaseProblem`
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
          // The work may have waited for a lock since maintenance began.
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

/** Reads that must agree with each other: one snapshot, nothing written. */
export async function inSnapshot<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return runOnce(dataSource, 'REPEATABLE READ', work);
}

/** Runs `work` in a transaction of its own and takes back what it has written. */
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
    // The connection is closed with the release; the server rolls back by itself.
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
