import { LongWork } from './long-work';

function holdThread(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('LongWork', () => {
  it('lets others have their turn while it lasts', async () => {
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

  it('goes on at once when it has hardly begun', async () => {
    let isTurnOver = false;
    setImmediate(() => (isTurnOver = true));
    await new LongWork().pause();
    expect(isTurnOver).toBe(false);
  });
});
