import { WorkInFlight } from './work-in-flight';

describe('work in flight', () => {
  it('is awaited, and each piece ends once', async () => {
    const work = new WorkInFlight();
    const [first, second] = [work.begin(), work.begin()];
    first();
    first();
    expect(work.size).toBe(1);
    const idle = work.idle(10_000);
    second();
    await expect(idle).resolves.toBe(true);
    await expect(work.idle(0)).resolves.toBe(true);
  });

  it('is not awaited for longer than the limit', async () => {
    const work = new WorkInFlight();
    work.begin();
    await expect(work.idle(1)).resolves.toBe(false);
  });

  it('is rejected only after the server has reported for a while that it is not ready', () => {
    const work = new WorkInFlight();
    expect([work.isDraining, work.isClosed]).toEqual([false, false]);
    work.startDraining();
    expect([work.isDraining, work.isClosed]).toEqual([true, false]);
    work.close();
    work.startDraining();
    expect([work.isDraining, work.isClosed]).toEqual([true, true]);
  });
});
