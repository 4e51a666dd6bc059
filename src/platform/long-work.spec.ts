import { LongWork } from './long-work';

function holdThread(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('LongWork', () => {
  it('yields to other work', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const work = new LongWork();
    for (let part = 0; part < 5; part++) {
      holdThread(12);
      await work.pause();
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('does not yield when it has just begun', async () => {
    let isTurnOver = false;
    setImmediate(() => (isTurnOver = true));
    await new LongWork().pause();
    expect(isTurnOver).toBe(false);
  });
});
