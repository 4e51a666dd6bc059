import { GrowingDelays } from './growing-delays';

const RULE = { free: 3, firstMs: 1_000, maxMs: 8_000, forgetMs: 60_000 };

describe('growing delays', () => {
  let now: number;
  let delays: GrowingDelays;
  beforeEach(() => {
    now = 0;
    delays = new GrowingDelays(RULE, () => now);
  });
  const fail = (key = 'a'): void => {
    expect(delays.wait(key)).toBe(0);
    delays.take(key);
  };

  it('begin after the free attempts, and then double up to a maximum', () => {
    fail();
    fail();
    fail();
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      waits.push(delays.wait('a'));
      now += delays.wait('a');
      fail();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(delays.wait('b')).toBe(0);
  });

  it('count an attempt when it begins, so that only the free ones of many simultaneous attempts pass', () => {
    let passed = 0;
    for (let n = 0; n < 200; n++) {
      if (delays.wait('a') > 0) continue;
      delays.take('a');
      passed++;
    }
    expect(passed).toBe(3);
  });

  it('charge nothing for any number of refunded attempts', () => {
    for (let n = 0; n < 100; n++) {
      expect(delays.wait('a')).toBe(0);
      delays.giveBack('a', delays.take('a'));
    }
    fail();
  });

  it('keep the delay after a failure when another attempt is refunded', () => {
    const receipt = delays.take('a');
    fail();
    fail();
    delays.giveBack('a', receipt);
    expect(delays.wait('a')).toBe(1_000);
  });

  it('grow for a client that mixes failures with successes', () => {
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      now += delays.wait('a');
      fail();
      waits.push(delays.wait('a'));
      now += delays.wait('a');
      delays.giveBack('a', delays.take('a'));
    }
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000]);
  });

  it('are forgotten after a time, and at once on request', () => {
    for (let n = 0; n < 3; n++) fail();
    now += 10 * 60_000;
    for (let n = 0; n < 3; n++) fail();
    expect(delays.wait('a')).toBe(1_000);
    delays.forget('a');
    expect(delays.wait('a')).toBe(0);
  });
});
