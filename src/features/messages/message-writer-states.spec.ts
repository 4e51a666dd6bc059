import { setImmediate } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { cellsOf } from '../../../test/support/state-tables';
import { until } from '../../../test/support/until';
import { DatabaseCircuit } from '../../platform/database/circuit';
import { Maintenance } from '../../platform/database/maintenance';
import { Metrics } from '../../platform/metrics/metrics';
import type { EventRelay } from '../../platform/servers/event-relay';
import { Tracing } from '../../platform/tracing/tracing';
import { MessageQueue } from './message-queue';
import { MessageWriter } from './message-writer';
import {
  BATCHES,
  FAILED_BATCH,
  MESSAGE,
  QUEUE,
  type BatchesState,
  type BatchFailure,
  type BatchShape,
  type FailureEffect,
  type MessageEffect,
  type MessageState,
  type QueueState,
} from './message-writer-states';
import { handle, type Pending } from './pending-message';

const STORED = { message: {}, isNew: true } as Pending['stored'];

function pendingOf(conversationId: string, state: MessageState = 'waiting') {
  const outcomes: unknown[] = [];
  const pending = {
    state,
    command: { conversationId, attachmentIds: [] },
    latestStart: Infinity,
    stored: STORED,
    resolve: (stored: unknown) => outcomes.push(stored),
    reject: (error: unknown) => outcomes.push(error),
  } as unknown as Pending;
  return { pending, outcomes };
}

describe('a message of the writer', () => {
  const reason = new Error('a reason');
  const expected = {
    sent: () => ['sent', []],
    committed: () => ['committed', []],
    acknowledge: () => ['settled', [STORED]],
    reject: () => ['settled', [reason]],
    stay: (state) => [state, []],
    never: (state) => [state, []],
  } satisfies Record<MessageEffect, (state: MessageState) => [MessageState, unknown[]]>;

  // Tests G1, G22, G27.
  it.each(cellsOf(MESSAGE))('as a message in the state %s, at %s: %s', (state, trigger, effect) => {
    const { pending, outcomes } = pendingOf('the room', state);
    handle(pending, trigger, reason);
    expect([pending.state, outcomes]).toEqual(expected[effect](state));
  });
});

describe('a conversation of the writer', () => {
  const ways: Record<QueueState, readonly ('taken' | 'lock-timed-out' | 'turn-ended')[]> = {
    free: [],
    'under-way': ['taken'],
    contended: ['taken', 'lock-timed-out', 'turn-ended'],
    'contended-under-way': ['taken', 'lock-timed-out'],
  };
  function queueIn(state: QueueState): MessageQueue {
    const queue = new MessageQueue();
    for (const trigger of ways[state]) queue.handle('the room', trigger);
    expect(queue.stateOf('the room')).toBe(state);
    return queue;
  }
  const takenFrom = (queue: MessageQueue): string[] =>
    queue.takeBatch().map(({ command }) => command.conversationId);

  // Tests G3.
  it.each(cellsOf(QUEUE))('as a conversation in the state %s, at %s: %s', (state, trigger, effect) => {
    const queue = queueIn(state);
    if (trigger === 'offered') {
      for (const id of ['another', 'the room', 'the room']) queue.push(pendingOf(id).pending);
      const batches = [takenFrom(queue), takenFrom(queue)];
      expect(batches).toEqual(
        {
          join: [['another', 'the room', 'the room'], []],
          alone: [['another'], ['the room', 'the room']],
          wait: [['another'], []],
        }[effect as 'join' | 'alone' | 'wait'],
      );
      return;
    }
    if (trigger === 'all-settled') queue.allSettled();
    else queue.handle('the room', trigger);
    expect(queue.stateOf('the room')).toBe(['stay', 'never'].includes(effect) ? state : effect);
  });
});

/** A writer whose statements are answered by the test. */
function writerOf() {
  const statements: { ids: string[]; answer(error?: Error): void }[] = [];
  const query = (_text: string, [ids, conversationIds]: string[][]): Promise<object[]> =>
    new Promise((resolve, reject) => {
      const rows = ids!.map((id, index) => ({
        outcome: 'created',
        id,
        conversation_id: conversationIds![index],
        created_at: new Date(),
        updated_at: new Date(),
      }));
      statements.push({ ids: ids!, answer: (error) => (error ? reject(error) : resolve(rows)) });
    });
  const writer = new MessageWriter(
    { manager: { query } } as unknown as DataSource,
    { hasPeers: false, announceMessages: () => Promise.resolve() } as unknown as EventRelay,
    new Metrics(),
    new DatabaseCircuit(),
    new Maintenance(),
    new Tracing(),
  );
  const append = (id: string, conversationId = id): Promise<unknown> =>
    writer.append({
      id,
      conversationId,
      senderId: 's',
      type: 'text',
      body: 'x',
      replyToId: null,
      attachmentIds: [],
    });
  const { queue } = writer as unknown as { queue: MessageQueue };
  const inside = writer as unknown as { batches: BatchesState; count(trigger: string): void };
  return { statements, append, queue, inside };
}

describe('the batches of the writer', () => {
  // The turns that the writer waits for must pass.
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] }));
  afterEach(() => jest.useRealTimers());
  const slowDown = (): void => jest.advanceTimersByTime(50);

  /** For each state the batches that lead there: whether each of them is slow. */
  const ways: Record<BatchesState, readonly boolean[]> = {
    none: [],
    quick: [false],
    slow: [true],
    'slow-and-quick': [true, false],
    'two-slow': [true, true],
  };

  it.each(cellsOf(BATCHES))('in the state %s, at %s: %s', async (state, trigger, effect) => {
    const { statements, append, inside } = writerOf();
    for (const [index, isSlow] of ways[state].entries()) {
      void append(`batch ${index}`);
      if (isSlow) slowDown();
    }
    expect(inside.batches).toBe(state);
    if (effect === 'never') {
      inside.count(trigger);
      expect(inside.batches).toBe(state);
    } else if (trigger === 'wanted' || trigger === 'begun') {
      void append('one more');
      expect(inside.batches).toBe(effect === 'stay' ? state : BATCHES[state].begun);
    } else {
      if (trigger === 'slowed') slowDown();
      else statements[ways[state].indexOf(trigger === 'slow-settled')]!.answer();
      for (let turn = 0; turn < 10 && inside.batches === state; turn++) await setImmediate();
      expect(inside.batches).toBe(effect);
    }
  });
});

describe('a failed batch of the writer', () => {
  const failed = (code: string, more: object = {}): Error =>
    Object.assign(new Error('a failure'), { code, ...more });
  const errors: Record<BatchFailure, Error> = {
    conflict: failed('40P01'),
    'lock-timeout': failed('55P03'),
    constraint: failed('23514', { constraint: 'a_check' }),
    'connection-lost': failed('ECONNRESET', { wrote: true }),
    other: failed('53100'),
  };
  const shapes: Record<BatchShape, readonly [id: string, conversationId: string][]> = {
    'several-conversations': [
      ['a', 'first'],
      ['b', 'first'],
      ['c', 'second'],
    ],
    'one-conversation': [
      ['a', 'first'],
      ['b', 'first'],
    ],
    'one-message': [['a', 'first']],
  };

  async function failOnce(shape: BatchShape, error: Error, times = 1) {
    const { statements, append, queue } = writerOf();
    const handled = jest.spyOn(queue, 'handle');
    // While one batch is on its way, the others become the next one.
    const opener = append('opener');
    await until('the first batch', () => statements.length === 1);
    const appended = Promise.allSettled(
      shapes[shape].map(([id, conversationId]) => append(id, conversationId)),
    );
    statements[0]!.answer();
    await opener;
    for (let count = 1; count <= times; count++) {
      await until('the batch', () => statements.length === count + 1);
      statements[count]!.answer(error);
    }
    let answered = times + 1;
    let isSettled = false;
    void appended.then(() => (isSettled = true));
    await until('the outcomes', () => {
      for (; answered < statements.length; answered++) statements[answered]!.answer();
      return isSettled;
    });
    const outcomes = (await appended).map(({ status }) => status);
    return {
      sent: statements.slice(2).map(({ ids }) => ids),
      outcomes,
      isContended: handled.mock.calls.some(([, trigger]) => trigger === 'lock-timed-out'),
    };
  }

  // Tests G22.
  it.each(cellsOf(FAILED_BATCH))('of %s by %s: %s', async (shape, failure, effect) => {
    const ids = shapes[shape].map(([id]) => id);
    const { sent, outcomes, isContended } = await failOnce(shape, errors[failure]);
    const expected = {
      again: [ids],
      'by-conversation': [['a', 'b'], ['c']],
      'one-by-one': ids.map((id) => [id]),
      reject: [],
      contend: [],
    } satisfies Record<FailureEffect, string[][]>;
    expect(sent).toEqual(expected[effect]);
    const isRejected = effect === 'reject' || effect === 'contend';
    expect(outcomes).toEqual(ids.map(() => (isRejected ? 'rejected' : 'fulfilled')));
    expect(isContended).toBe(effect === 'contend');
  });

  it('is sent at most four times', async () => {
    const { sent, outcomes } = await failOnce('one-message', errors.conflict, 4);
    expect([sent, outcomes]).toEqual([[['a'], ['a'], ['a']], ['rejected']]);
  });
});
