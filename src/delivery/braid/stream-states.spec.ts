import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { cellsOf } from '../../../test/support/state-tables';
import type { Hint } from './subscriptions';
import {
  FEED,
  RESPONSE,
  type FeedEffect,
  type FeedState,
  type FeedTrigger,
  type ResponseEffect,
  type ResponseState,
  type ResponseTrigger,
} from './stream-states';
import { TimelineStream } from './timeline-stream';
import { UpdateStream } from './update-stream';

describe('the response of a stream', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function streamIn(state: ResponseState) {
    const done: string[] = [];
    const note = (name: string) => (): unknown => done.push(name);
    const response = Object.assign(new EventEmitter(), {
      writableLength: 0,
      writeHead: note('head'),
      flushHeaders: note('flush'),
      write: note('write'),
      end: note('end'),
      destroy: note('destroy'),
    });
    const stream = new UpdateStream(
      response as unknown as Response,
      { maxUnreadBytes: 10, stalledMs: 1_000 },
      (isTooSlow) => done.push(isTooSlow ? 'too slow' : 'over'),
    );
    const inside = stream as unknown as { handle(trigger: string): void };
    const fire: Record<ResponseTrigger, () => void> = {
      begun: () => stream.open({}, 100),
      write: () => stream.write(Buffer.from('x')),
      drained: () => response.emit('drain'),
      beat: () => inside.handle('beat'),
      stalled: () => inside.handle('stalled'),
      end: () => stream.end(),
      gone: () => response.emit('close'),
    };
    if (state !== 'opening') fire.begun();
    if (state === 'behind') {
      response.writableLength = 11;
      fire.write();
    }
    if (state === 'ended') fire.gone();
    expect(stream.state).toBe(state);
    done.splice(0);
    return { stream, done, fire };
  }

  const expected = {
    begin: () => ['open', ['head', 'flush']],
    write: (state) => [state, ['write']],
    resume: (state) => [state, []],
    beat: (state) => [state, ['write']],
    close: () => ['ended', ['over']],
    finish: () => ['ended', ['over', 'end']],
    destroy: () => ['ended', ['over', 'destroy']],
    'give-up': () => ['ended', ['too slow', 'destroy']],
    stay: (state) => [state, []],
    never: (state) => [state, []],
  } satisfies Record<ResponseEffect, (state: ResponseState) => [ResponseState, string[]]>;

  // Tests G6.
  it.each(cellsOf(RESPONSE))('as a response in the state %s, at %s: %s', (state, trigger, effect) => {
    const { stream, done, fire } = streamIn(state);
    fire[trigger]();
    expect([stream.state, done]).toEqual(expected[effect](state));
  });

  it('stops the stall timer when its reader has read, and the heartbeat when it has ended', () => {
    const { fire } = streamIn('behind');
    expect(jest.getTimerCount()).toBe(2);
    fire.drained();
    expect(jest.getTimerCount()).toBe(1);
    fire.end();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a conversation of a timeline', () => {
  const NEXT: Hint = { rev: 3, message: undefined };

  function feedIn(state: FeedState) {
    const done: string[] = [];
    const note = (name: string) => (): unknown => done.push(name);
    const stream = {
      hasEnded: false,
      isBehind: false,
      write: note('write'),
      end: note('end'),
      room: () => {
        done.push('read');
        return new Promise(() => undefined);
      },
    };
    const shape = { rangeOf: () => '/a', messageRangeOf: () => undefined, versionOf: () => 'v' };
    const subscriptions = { follow: () => undefined, unfollow: note('unfollow') };
    const timeline = new TimelineStream(
      { userId: 'u', sessionId: 's' },
      stream as never,
      shape as never,
      { epoch: 1 } as never,
      subscriptions,
      false,
      () => undefined,
    );
    const hasPosition = state === 'current' || state === 'behind';
    timeline.include('c', hasPosition ? { position: { seq: 1, rev: 2 }, told: ['u'] } : undefined);
    const inside = timeline as unknown as {
      isReading: boolean;
      feeds: Map<string, { state: FeedState; position?: object }>;
      handle(feed: object, trigger: FeedTrigger, hint?: Hint, next?: object): void;
    };
    const feed = inside.feeds.get('c')!;
    feed.state = state;
    inside.isReading = false;
    const fire = (trigger: FeedTrigger): void => inside.handle(feed, trigger, NEXT, { seq: 1, rev: 3 });
    return { feed, done, fire, inside };
  }

  const expected = {
    quiet: () => ['quiet', []],
    unsent: () => ['unsent', []],
    current: () => ['current', []],
    behind: () => ['behind', []],
    compare: (state) => [state, ['write']], // it is the next one, and the reader keeps up
    send: (state) => [state, ['write']],
    read: (state) => [state, ['read']],
    want: () => ['unsent', ['read']],
    miss: () => ['behind', ['read']],
    restart: () => ['unsent', []],
    revoke: () => ['revoked', ['unfollow', 'write']],
    end: (state) => [state, ['end']],
    stay: (state) => [state, []],
    never: (state) => [state, []],
  } satisfies Record<FeedEffect, (state: FeedState) => [FeedState, string[]]>;

  // Tests G4, G6.
  it.each(cellsOf(FEED))('as a conversation in the state %s, at %s: %s', (state, trigger, effect) => {
    const { feed, done, fire, inside } = feedIn(state);
    fire(trigger);
    expect([feed.state, done]).toEqual(expected[effect](state));
    expect(inside.feeds.has('c')).toBe(effect !== 'revoke');
    if (effect === 'restart') expect(feed.position).toBeUndefined();
    if (effect === 'send' || effect === 'compare') expect(feed.position).toEqual({ seq: 1, rev: 3 });
  });
});
