import type { EntityManager } from 'typeorm';
import { lockName, lockNameShared } from '../../platform/database/advisory-lock';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { holdPeople } from '../users/people.queries';
import { directKeyOf, pairOf } from './contacts.queries';

export interface TwoPeopleLocks {
  /**
   * `exclusive` (the default) serializes changes between two people, such as crossing requests, answers and blocks.
   * `shared` keeps their relationship unchanged, and several transactions may hold it at once.
   */
  readonly pair?: 'exclusive' | 'shared';
  /** Also locks their direct conversation, if any. This waits for messages that are being stored. */
  readonly conversation?: boolean;
  /** Also keeps both from being erased. The problem to throw when one was erased. */
  readonly people?: ProblemKind;
}

/**
 * Locks the relationship of two people until the transaction ends, in the order of `inTransaction`: the pair, the
 * conversation, the people. Served by `conversations_direct_key_key` and `users_pkey`.
 * @returns the id of the direct conversation, if asked for and there is one
 * @throws Problem `people` when one of the two was erased
 */
export async function lockTwoPeople(
  manager: EntityManager,
  a: string,
  b: string,
  { pair = 'exclusive', conversation = false, people }: TwoPeopleLocks = {},
): Promise<string | undefined> {
  const { userLowId, userHighId } = pairOf(a, b);
  const lock = pair === 'exclusive' ? lockName : lockNameShared;
  await lock(manager, `contacts ${userLowId} ${userHighId}`);
  const conversationId = conversation ? await lockDirect(manager, directKeyOf(a, b)) : undefined;
  if (people) await holdPeople(manager, [a, b], people);
  return conversationId;
}

async function lockDirect(manager: EntityManager, directKey: string): Promise<string | undefined> {
  const [conversation] = await manager.query<{ id: string }[]>(
    `select id from conversations where direct_key = $1 for no key update`,
    [directKey],
  );
  return conversation?.id;
}
