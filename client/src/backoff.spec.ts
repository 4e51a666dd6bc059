import { Backoff, insist, Pause } from './backoff.ts';
import { XFChatError } from './problem.ts';

const refusal = (status: number, code = 'any') => new XFChatError({ code, status });
const quick = { initialMs: 1, maxMs: 2 };

describe('pauses', () => {
  it('double up to a limit, and are random in the upper half of their range', () => {
    const longest = new Backoff({ initialMs: 100, maxMs: 1_000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    longest.reset();
    expect(longest.next()).toBe(100);
    const shortest = new Backoff({ initialMs: 100, random: () => 0 });
    expect([1, 2].map(() => shortest.next())).toEqual([50, 100]);
  });

  it('are at least as long as the server asks for, plus a random part', () => {
    expect(new Backoff({ random: () => 0 }).next(5_000)).toBe(5_000);
    expect(new Backoff({ random: () => 1 }).next(5_000)).toBe(5_500);
  });

  it('can be ended early', async () => {
    const pause = new Pause();
    const long = pause.wait(1_000_000);
    pause.wake();
    await long;
  });
});

describe('a repeated attempt', () => {
  it('is made for work that may still succeed', async () => {
    const answers = [refusal(503), refusal(500), XFChatError.unreachable(undefined)];
    const work = async () => {
      const failure = answers.shift();
      if (failure) throw failure;
      return 'done';
    };
    await expect(insist(quick, new Pause(), work)).resolves.toBe('done');
  });

  it('ends at once on a final problem, and after a few attempts on another', async () => {
    let attempts = 0;
    const always = (status: number) => async () => {
      attempts++;
      throw refusal(status);
    };
    await expect(insist(quick, new Pause(), always(409))).rejects.toMatchObject({ status: 409 });
    expect(attempts).toBe(1);
    await expect(insist(quick, new Pause(), always(503))).rejects.toMatchObject({ status: 503 });
    expect(attempts).toBe(6);
  });
});
